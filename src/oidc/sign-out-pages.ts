/** Signing out at the request of an app (OpenID Connect RP-Initiated Logout 1.0): at once, by a question, or refused. */
import { errors, type Client, type ErrorOut, type KoaContextWithOIDC } from 'oidc-provider';
import { randomToken } from '../platform/secrets.ts';
import { isNavigation } from './interaction/navigation.ts';
import { isFirstParty } from './permissions/consent.ts';
import { detailsOf, siteOf, type ShowPage } from './protocol-pages.ts';

const successPath = '/oauth/logout/success';
const confirmPath = '/oauth/logout/confirm';

/** What is wrong with a request; the person can sign out all the same. */
type Problem =
  /** `post_logout_redirect_uri` is not registered. */
  | 'address'
  /** `id_token_hint` or `client_id` is broken, or of somebody else. */
  | 'request'
  /** `id_token_hint` is of another person than the one who is signed in. */
  | 'account'
  /** Our form is not the newest one. */
  | 'form';

/** The `sub` by which a client knows an account. */
export type SubjectOf = (client: Client, accountId: string) => string;

type Oidc = KoaContextWithOIDC['oidc'];
type Hint = { payload: { sub?: string; sid?: string } } | undefined;

interface SignOutState {
  secret: string;
  clientId?: string | undefined;
  postLogoutRedirectUri?: string | undefined;
  state?: string | undefined;
}

const stateOf = (session: Oidc['session']) => session?.state as SignOutState | undefined;

/** Whether `id_token_hint` was issued in this session. Every ID token has a `sid`; other JWTs of ours may have none. */
function isOfThisSession({ session, client, entities }: Oidc, subjectOf: SubjectOf): boolean {
  const { sid, sub } = (entities.IdTokenHint as Hint)?.payload ?? {};
  if (!client || session?.accountId === undefined || sub !== subjectOf(client, session.accountId)) return false;
  return sid !== undefined && sid === session.sidFor(client.clientId);
}

function isOfAnotherPerson({ session, client, entities }: Oidc, subjectOf: SubjectOf): boolean {
  const hint = entities.IdTokenHint as Hint;
  return hint !== undefined && hint.payload.sub !== subjectOf(client!, session!.accountId!);
}

/** Where the browser goes after a sign-out: to the app, or to our page, which then leads to the app. */
export function afterSignOut({ postLogoutRedirectUri, state, clientId }: Omit<SignOutState, 'secret'>): string {
  if (postLogoutRedirectUri === undefined) {
    return clientId === undefined ? successPath : `${successPath}?client_id=${encodeURIComponent(clientId)}`;
  }
  const address = new URL(postLogoutRedirectUri);
  if (state !== undefined) address.searchParams.set('state', state);
  return address.href;
}

/** The library names the app on the page after a sign-out only where the session goes on. */
export function nameAppAfterSignOut(ctx: KoaContextWithOIDC): void {
  const { route, client } = ctx.oidc ?? {};
  if (route !== 'end_session_confirm' || !client || ctx.status !== 303) return;
  const isOurPage = ctx.response.get('Location').endsWith(successPath);
  if (isOurPage) ctx.redirect(afterSignOut({ clientId: client.clientId }));
}

export interface SignOutPages {
  /** Answers a valid request while somebody is signed in. */
  answer: (ctx: KoaContextWithOIDC) => Promise<void>;
  showSignedOut: (ctx: KoaContextWithOIDC) => Promise<void>;
  /** @returns false when the error is not about signing out */
  showError: (ctx: KoaContextWithOIDC, error: Error, out: ErrorOut) => Promise<boolean>;
}

/** @param sessionCookie name of the session's cookie */
export function createSignOutPages(show: ShowPage, sessionCookie: string, subjectOf: SubjectOf): SignOutPages {
  function ask(ctx: KoaContextWithOIDC, client: Client | undefined, problem?: Problem, status = 200): void {
    const { secret } = stateOf(ctx.oidc.session)!;
    const values = { xsrf: secret, action: confirmPath, site: siteOf(client), clientId: client?.clientId, problem };
    show(ctx, 'protocol/sign-out', { ...values, details: [] }, { status, leadsOut: true });
  }

  /** Like the library's confirmation. Ending the session revokes its grants and tells its apps (models/session.ts). */
  async function signOutAtOnce(ctx: KoaContextWithOIDC): Promise<void> {
    const { session, client, params } = ctx.oidc;
    await session!.destroy();
    ctx.cookies.set(sessionCookie, null, { httpOnly: true, sameSite: 'lax', signed: true });
    const { post_logout_redirect_uri: postLogoutRedirectUri, state } = params as Record<string, string | undefined>;
    ctx.status = 303;
    ctx.redirect(afterSignOut({ postLogoutRedirectUri, state, clientId: client!.clientId }));
  }

  /** A request that is refused. The person can sign out all the same; nothing of the request is kept. */
  function refuse(ctx: KoaContextWithOIDC, out: ErrorOut): void {
    const { session, client, params } = ctx.oidc;
    const { status } = ctx;
    const uri = params?.['post_logout_redirect_uri'];
    const isForeign = client && typeof uri === 'string' && !client.postLogoutRedirectUriAllowed(uri);
    const problem: Problem = isForeign ? 'address' : 'request';
    const values = { site: siteOf(client), problem, code: out.error, details: detailsOf(ctx, out) };
    if (session!.accountId === undefined) {
      show(ctx, 'protocol/signed-out', { ...values, isSignedIn: false }, { status });
      return;
    }
    const secret = randomToken();
    session!.state = { secret };
    show(ctx, 'protocol/sign-out', { ...values, xsrf: secret, action: confirmPath }, { status });
  }

  /** A form that is not the newest one, or whose session has ended: sent twice, or after that of another tab. */
  async function repeatQuestion(ctx: KoaContextWithOIDC): Promise<void> {
    const { session, provider, body } = ctx.oidc;
    if (session!.accountId === undefined) {
      const clientId = body?.['client_id'];
      ctx.status = 303;
      ctx.redirect(afterSignOut({ clientId: typeof clientId === 'string' ? clientId : undefined }));
      return;
    }
    session!.state ??= { secret: randomToken() };
    const asked = stateOf(session)?.clientId;
    ask(ctx, asked === undefined ? undefined : await provider.Client.find(asked), 'form', ctx.status);
  }

  return {
    async answer(ctx) {
      const { client } = ctx.oidc;
      // Only a page that the browser shows: a picture or a prefetched link signs nobody out.
      const isTrusted = client && isFirstParty(client) && isNavigation(ctx);
      if (isTrusted && isOfThisSession(ctx.oidc, subjectOf)) return signOutAtOnce(ctx);
      return ask(ctx, client, isOfAnotherPerson(ctx.oidc, subjectOf) ? 'account' : undefined);
    },

    async showSignedOut(ctx) {
      const { client, provider } = ctx.oidc;
      const { accountId, authorizations } = await provider.Session.get(ctx);
      const isSignedIn = accountId !== undefined;
      // Anybody can open this address: whoever is signed in must not be told otherwise.
      if (isSignedIn && (!client || authorizations?.[client.clientId])) return ctx.redirect('/account');
      return show(ctx, 'protocol/signed-out', { site: siteOf(client), isSignedIn, details: [] });
    },

    async showError(ctx, error, out) {
      const { route, session } = ctx.oidc;
      if (!session || out.error === 'server_error') return false;
      if (route === 'end_session') refuse(ctx, out);
      else if (route === 'end_session_confirm' && error instanceof errors.InvalidRequest) await repeatQuestion(ctx);
      else return false;
      return true;
    },
  };
}
