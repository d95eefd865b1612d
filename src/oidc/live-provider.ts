/** The protocol as the rest of the program sees it. */
import compose from 'koa-compose';
import { errors, type Interaction, type InteractionResults } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { Context, Middleware } from 'koa';
import { Refusal } from '../errors.ts';
import { findClient, type StoredClient } from '../clients/client-repository.ts';
import type { Permissions } from '../grants/consent.ts';
import { publicJwk, inSigningOrder, type SigningKey } from '../keys/signing-key.ts';
import type { Database } from '../platform/database.ts';
import type { Proof } from '../sign-in/with-password.ts';
import { permissionsAsked, resourcesAsked, hostOf } from './consent.ts';
import { createProvider, type ProviderInput } from './provider.ts';
import { formTargetOf } from './protocol-pages.ts';

/** An app waits for a person: what our pages need to know of it. */
export interface PendingInteraction {
  uid: string;
  /** What is to be done: `login` or `consent`. */
  prompt: string;
  /** Nothing but that nobody was signed in when the app asked. */
  isFirstSignIn: boolean;
  /** Where the browser goes on. */
  returnTo: string;
  client: StoredClient;
  /** Who is signed in, once that is settled. */
  accountId: string | undefined;
  /** What the app suggests to sign in with. */
  loginHint: string | undefined;
  asked: Permissions;
  /** Where the person goes in the end. */
  returnHost: string;
  formTargets: string[];
}

export interface Oidc {
  /** Answers the addresses of the protocol; calls `next` for all others. */
  middleware: Middleware;
  /** @throws Refusal `interaction_expired` when the browser has none, or it is over */
  interaction(ctx: Context): Promise<PendingInteraction>;
  /** The session of this browser, if somebody is signed in. */
  session(ctx: Context): Promise<{ uid: string; accountId: string } | undefined>;
  /** Each of these returns where to send the browser next. */
  signedIn(ctx: Context, accountId: string, proof: Proof, options?: { isTransient?: boolean }): Promise<string>;
  consented(ctx: Context): Promise<string>;
  cancelled(ctx: Context): Promise<string>;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export interface LiveProviderInput extends Omit<ProviderInput, 'keys'> {
  keys: SigningKey[];
}

async function pendingInteraction(db: Database, interaction: Interaction): Promise<PendingInteraction> {
  const { uid, prompt, params, session, returnTo } = interaction;
  const client = await findClient(db, String(params['client_id']));
  if (!client) throw new Refusal('interaction_expired');
  const resources = resourcesAsked(params);
  const apis = client.apis.filter(({ audience }) => resources.includes(audience));
  return {
    uid,
    prompt: prompt.name,
    isFirstSignIn: prompt.name === 'login' && prompt.reasons.every((reason) => reason === 'no_session'),
    returnTo,
    client,
    accountId: session?.accountId,
    loginHint: text(params['login_hint']),
    asked: permissionsAsked(params, Object.fromEntries(apis.map(({ audience, scopes }) => [audience, scopes]))),
    returnHost: hostOf(params['redirect_uri']),
    formTargets: formTargetOf(params['redirect_uri']),
  };
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

export function createLiveProvider(input: LiveProviderInput): Oidc {
  const jwks = inSigningOrder(input.keys).map((key) => ({ ...key.privateJwk, ...publicJwk(key) }));
  const provider: Provider = createProvider({ ...input, keys: jwks });
  const middleware = compose(provider.middleware) as Middleware;

  const finish = (ctx: Context, result: InteractionResults) =>
    orExpired(provider.interactionResult(ctx.req, ctx.res, result));

  return {
    middleware,
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
    signedIn: (ctx, accountId, { amr, acr }, { isTransient = false } = {}) =>
      finish(ctx, { login: { accountId, amr, acr, ts: Math.floor(Date.now() / 1000), remember: !isTransient } }),
    consented: (ctx) => finish(ctx, { consent: {} }),
    cancelled: (ctx) => finish(ctx, { error: 'access_denied', error_description: 'the person cancelled the request' }),
  };
}
