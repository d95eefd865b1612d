/** The protocol as the rest of the program uses it; swaps the Provider when signing keys change. */
import compose from 'koa-compose';
import type { Interaction, InteractionResults, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Context, Middleware } from 'koa';
import { Refusal } from '../errors.ts';
import { inSigningOrder, nextChangeAt, publicJwk, type SigningKey } from '../keys/signing-key.ts';
import type { ClientValidator } from '../clients/register-client.ts';
import { endSessions } from '../sessions/end-session.ts';
import type { Proof } from '../sign-in/with-password.ts';
import { deleteArtifact } from '../tokens/artifact-repository.ts';
import { storeHeldTokens } from './adapter/held-tokens.ts';
import { clientValidatorOf } from './configuration/client-validator.ts';
import { createResultStore, endingOf, resubmitSeconds } from './interaction/interaction-result.ts';
import { createInteractionCookies } from './interaction/interaction-cookies.ts';
import { makeLogoutToken, type LogoutToken } from './delivery/logout-token.ts';
import { pendingInteraction, type PendingInteraction } from './interaction/pending-interaction.ts';
import { epoch } from './protocol-context.ts';
import { createProvider, type ProviderInput } from './provider.ts';
import { requestObjects } from './requests/request-objects.ts';
import { subjectFor } from './permissions/claims.ts';
import { deviceDigest, endLostSessions } from './session-device.ts';
import { nameAppAfterSignOut } from './sign-out-pages.ts';
import { replaceAutoSubmitForms } from './auto-submit-forms.ts';

export interface SignInOptions {
  isRemembered: boolean;
  /** The known device that the sign-in made, and the one that this browser was before: its session ends. */
  deviceId: string;
  previousDeviceId: string | undefined;
}

export interface Oidc {
  /** Handles the endpoints of the protocol; calls `next` for all others. */
  middleware: Middleware;
  /**
   * The interaction of this request, also one that ended within the last ten seconds (`ending`).
   *
   * @throws Refusal `interaction_expired` when this browser began no such interaction, or it is no longer stored
   */
  interaction(ctx: Context): Promise<PendingInteraction>;
  /** The session of this browser, if somebody is signed in. */
  session(ctx: Context): Promise<{ uid: string; accountId: string } | undefined>;
  /**
   * Stores that a person signed in. When the browser's session is of another account, that session is ended. This
   * method and the next three store the result of the interaction, and return the address at which the browser resumes.
   *
   * @throws Refusal `interaction_expired`
   */
  signedIn(ctx: Context, accountId: string, proof: Proof, options: SignInOptions): Promise<string>;
  accountSelected(ctx: Context): Promise<string>;
  consented(ctx: Context): Promise<string>;
  cancelled(ctx: Context): Promise<string>;
  /** A logout token for a client; undefined when it has no `backchannel_logout_uri` any more. */
  logoutToken(clientId: string, accountId: string, sid: string | undefined): Promise<LogoutToken | undefined>;
  /** Checks and completes the metadata of a client. @throws Refusal `client_invalid` */
  validateClient: ClientValidator;
  /** Uses these keys from now on. Requests in flight finish with the keys they began with. */
  useKeys(keys: readonly SigningKey[]): void;
  /** Number that grows when the documents that depend on the keys change (JWKS, discovery), for caches. */
  readonly generation: number;
  /** Stops the timer that waits for the next change of keys. */
  close(): void;
}

export interface LiveProviderInput extends Omit<ProviderInput, 'keys'> {
  keys: readonly SigningKey[];
}

const isDocument = (path: string): boolean => path === '/oauth/jwks' || path.startsWith('/.well-known/');

const maxTimerMilliseconds = 2 ** 31 - 1;

export function createLiveProvider(input: LiveProviderInput): Oidc {
  let provider: Provider;
  let run: Middleware;
  let generation = 0;
  /** `kid`s of the Provider's keys in signing order, separated by spaces. */
  let kidsInUse = '';
  let timer: NodeJS.Timeout | undefined;
  const resolveRequestObjects = requestObjects(input);

  // The keys of a Provider are fixed at construction, so it is replaced. This takes about 2 ms and loses no state,
  // which is in the database. The timer is for the next time at which a key starts or stops signing.
  function useKeys(keys: readonly SigningKey[]): void {
    const order = inSigningOrder(keys);
    const kids = order.map(({ kid }) => kid).join(' ');
    // A Provider caches documents of clients, such as their JWKS, so it is replaced only when keys or their order
    // differ.
    if (kids !== kidsInUse) {
      provider = createProvider({ ...input, keys: order.map((key) => ({ ...key.privateJwk, ...publicJwk(key) })) });
      run = compose([resolveRequestObjects, ...provider.middleware] as Middleware[]);
      generation += 1;
      kidsInUse = kids;
    }
    clearTimeout(timer);
    const change = nextChangeAt(keys);
    const wait = change ? change.getTime() - Date.now() : Infinity;
    if (wait < maxTimerMilliseconds) timer = setTimeout(() => useKeys(keys), Math.max(0, wait) + 1);
    timer?.unref();
  }

  const { db, issuer, keyring } = input;
  const results = createResultStore(issuer, keyring);
  const cookies = createInteractionCookies(issuer, keyring, resubmitSeconds);
  useKeys(input.keys);

  const uidOf = (ctx: Context): string => (ctx['params'] as { uid: string }).uid;

  async function sessionOf(ctx: Context): Promise<{ uid: string; accountId: string } | undefined> {
    const { uid, accountId } = await provider.Session.get(ctx);
    return accountId === undefined ? undefined : { uid, accountId };
  }

  /**
   * Like the library's `interactionDetails`, with the cookies of interaction-cookies.ts.
   *
   * @throws Refusal `interaction_expired`
   */
  async function interactionOf(ctx: Context): Promise<Interaction> {
    const hasCookie = cookies.valueFor(ctx, uidOf(ctx)) !== undefined;
    const interaction = hasCookie ? await provider.Interaction.find(uidOf(ctx)) : undefined;
    if (!interaction || !results.isFromThisBrowser(ctx, interaction.result)) throw new Refusal('interaction_expired');
    const { session: origin } = interaction;
    if (origin?.uid === undefined) return interaction;
    // The person who was signed in when the interaction began must still be signed in, in this browser: when a browser
    // is closed, it keeps the interaction's cookie, and deletes the cookie of a session that is not remembered. The
    // session of an ended interaction is found by uid, because the browser may not have received the new session id.
    const isPending = endingOf(interaction) === undefined;
    const session = isPending ? await sessionOf(ctx) : await provider.Session.findByUid(origin.uid);
    if (session?.uid !== origin.uid || session.accountId !== origin.accountId) throw new Refusal('interaction_expired');
    return interaction;
  }
  const pendingOf = async (ctx: Context, interaction: Interaction) =>
    pendingInteraction(db, interaction, cookies.valueFor(ctx, uidOf(ctx))!);
  const storeResult = async (ctx: Context, result: InteractionResults) =>
    results.store(ctx, await interactionOf(ctx), result);

  return {
    middleware: async (ctx, next) => {
      cookies.replaceLibraryCookies(ctx, (uid) =>
        deleteArtifact(db, 'Interaction', keyring.digests('Interaction', uid)),
      );
      // Documents are the same whatever the policy is, and served while there is no database.
      if (!isDocument(ctx.path)) await input.policy.load();
      await run(ctx, next);
      storeHeldTokens(db, ctx);
      replaceAutoSubmitForms(ctx, issuer);
      nameAppAfterSignOut(ctx as KoaContextWithOIDC);
    },
    async interaction(ctx) {
      cookies.removeSurplus(ctx);
      return pendingOf(ctx, await interactionOf(ctx));
    },
    session: sessionOf,
    async signedIn(ctx, accountId, { amr, acr }, { isRemembered, deviceId, previousDeviceId }) {
      const interaction = await interactionOf(ctx);
      const { hintedSubject, client } = await pendingOf(ctx, interaction);
      const subject = subjectFor(input.pairwiseSalt, client.metadata, accountId);
      // The app requires the person that it hints at (OpenID Connect Core §3.1.2.1, `id_token_hint`).
      if (hintedSubject !== undefined && hintedSubject !== subject)
        return results.store(ctx, interaction, {
          error: 'login_required',
          error_description: 'the person who signed in is not the one that the client requires',
        });
      const previous = await sessionOf(ctx);
      if (previous && previous.accountId !== accountId) {
        await endSessions(db, [previous.uid], 'other_account');
        // Otherwise the library would require that this session still exists.
        delete interaction.session;
      }
      const previousDevice = previousDeviceId && { accountId, deviceId: previousDeviceId };
      if (previousDevice) await endLostSessions(db, keyring, previousDevice, previous?.uid);
      const device = deviceDigest(keyring, deviceId);
      const login = { accountId, amr, acr, ts: epoch(new Date()), remember: isRemembered, device };
      return results.store(ctx, interaction, { login, select_account: {} });
    },
    accountSelected: (ctx) => storeResult(ctx, { select_account: {} }),
    consented: (ctx) => storeResult(ctx, { consent: {} }),
    cancelled: (ctx) =>
      storeResult(ctx, { error: 'access_denied', error_description: 'the person cancelled the request' }),
    validateClient: clientValidatorOf(() => provider, input.protocol, input.log),
    logoutToken: (clientId, accountId, sid) => makeLogoutToken(provider, clientId, accountId, sid),
    useKeys,
    get generation() {
      return generation;
    },
    close: () => clearTimeout(timer),
  };
}
