/** The protocol as the rest of the program sees it, whatever keys it signs with at the moment. */
import compose from 'koa-compose';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import type { Context, Middleware } from 'koa';
import { Refusal } from '../errors.ts';
import { inSigningOrder, nextChangeAt, publicJwk, type SigningKey } from '../keys/signing-key.ts';
import type { Proof } from '../sign-in/with-password.ts';
import { makeLogoutToken, type LogoutToken } from './logout-token.ts';
import { pendingInteraction, type PendingInteraction } from './pending-interaction.ts';
import { createProvider, type ProviderInput } from './provider.ts';

export interface Oidc {
  /** Answers the addresses of the protocol; calls `next` for all others. */
  middleware: Middleware;
  /** @throws Refusal `interaction_expired` when the browser has none, or it is over */
  interaction(ctx: Context): Promise<PendingInteraction>;
  /** The session of this browser, if somebody is signed in. */
  session(ctx: Context): Promise<{ uid: string; accountId: string } | undefined>;
  /** Each of these returns where to send the browser next. */
  signedIn(ctx: Context, accountId: string, proof: Proof, options: { isRemembered: boolean }): Promise<string>;
  consented(ctx: Context): Promise<string>;
  cancelled(ctx: Context): Promise<string>;
  /** What tells an app that a session is over; undefined when the app cannot be told so any more. */
  logoutToken(clientId: string, accountId: string, sid: string | undefined): Promise<LogoutToken | undefined>;
  /** Goes on with these keys. What began before is finished as it began. */
  useKeys(keys: readonly SigningKey[]): void;
  /** Changes with the keys: names what is served from memory (JWKS, discovery). */
  readonly generation: number;
  close(): void;
}

export interface LiveProviderInput extends Omit<ProviderInput, 'keys'> {
  keys: readonly SigningKey[];
}

/** A page that was left open too long, or belongs to a sign-in that is over, is the person's to start again. */
async function orExpired<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof errors.SessionNotFound) throw new Refusal('interaction_expired');
    throw error;
  }
}

const longestTimerMilliseconds = 2 ** 31 - 1;

export function createLiveProvider(input: LiveProviderInput): Oidc {
  let provider: Provider;
  let run: Middleware;
  let generation = 0;
  let timer: NodeJS.Timeout | undefined;

  // The library's keys are fixed when a Provider is made, so a new one takes its place: about 2 ms, all state is in the
  // database. Which key signs changes with the clock too.
  function useKeys(keys: readonly SigningKey[]): void {
    const jwks = inSigningOrder(keys).map((key) => ({ ...key.privateJwk, ...publicJwk(key) }));
    provider = createProvider({ ...input, keys: jwks });
    run = compose(provider.middleware) as Middleware;
    generation += 1;
    clearTimeout(timer);
    const change = nextChangeAt(keys);
    const wait = change ? change.getTime() - Date.now() : Infinity;
    if (wait < longestTimerMilliseconds) timer = setTimeout(() => useKeys(keys), Math.max(0, wait) + 1);
    timer?.unref();
  }

  const finish = (ctx: Context, result: InteractionResults) =>
    orExpired(provider.interactionResult(ctx.req, ctx.res, result));
  useKeys(input.keys);

  return {
    middleware: (ctx, next) => run(ctx, next),
    async interaction(ctx) {
      const interaction = await orExpired(provider.interactionDetails(ctx.req, ctx.res));
      // The cookie names the interaction; the address must be of the same one, or a page would act for another.
      if (interaction.uid !== ctx['params'].uid) throw new Refusal('interaction_expired');
      return pendingInteraction(input.db, interaction);
    },
    async session(ctx) {
      const { uid, accountId } = await provider.Session.get(ctx);
      return accountId === undefined ? undefined : { uid, accountId };
    },
    signedIn: (ctx, accountId, { amr, acr }, { isRemembered }) =>
      finish(ctx, { login: { accountId, amr, acr, ts: Math.floor(Date.now() / 1000), remember: isRemembered } }),
    consented: (ctx) => finish(ctx, { consent: {} }),
    cancelled: (ctx) => finish(ctx, { error: 'access_denied', error_description: 'the person cancelled the request' }),
    logoutToken: (clientId, accountId, sid) => makeLogoutToken(provider, clientId, accountId, sid),
    useKeys,
    get generation() {
      return generation;
    },
    close: () => clearTimeout(timer),
  };
}
