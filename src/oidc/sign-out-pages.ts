/** Sign-out at the request of an app (OpenID Connect RP-Initiated Logout 1.0): at once, or after a confirmation. */
import { errors, type Client, type ErrorOut, type KoaContextWithOIDC } from 'oidc-provider';
import { randomToken } from '../platform/secrets.ts';
import { isNavigation } from './interaction/navigation.ts';
import { isFirstParty } from './permissions/consent.ts';
import { detailsOf, siteOf, type ShowPage } from './protocol-pages.ts';

const successPath = '/oauth/logout/success';
const confirmPath = '/oauth/logout/confirm';

/** Why a logout request was refused or needs a warning; the person can sign out all the same. */
type Problem =
  /** `post_logout_redirect_uri` is not registered. */
  | 'address'
  /** Another parameter is invalid, such as `id_token_hint` or `client_id`. */
  | 'request'
  /** `id_token_hint` was issued for another person than the one who is signed in. */
  | 'account'
  /** The submitted confirmation form is not the newest one. */
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

/**
 * Whether `id_token_hint` was issued in this session. Every ID token has a `sid`; other JWTs with this key may have
 * none.
 */
function isHintOfThisSession({ session, client, entities }: Oidc, subjectOf: SubjectOf): boolean {
  const { sid, sub } = (entities.IdTokenHint as Hint)?.payload ?? {};
  if (!client || session?.accountId === undefined || sub !== subjectOf(client, session.accountId)) return false;
  return sid !== undefined && sid === session.sidFor(client.clientId);
}

function isHintOfAnotherPerson({ session, client, entities }: Oidc, subjectOf: SubjectOf): boolean {
  const hint = entities.IdTokenHint as Hint;
  return hint !== undefined && hint.payload.sub !== subjectOf(client!, session!.accountId!);
}

/**
 * The address that the browser is redirected to after a sign-out: the app's post-logout redirect URI with `state`, or
 * the page after a sign-out, which links to the app.
 */
export function addressAfterSignOut({ postLogoutRedirectUri, state, clientId }: Omit<SignOutState, 'secret'>): string {
  if (postLogoutRedirectUri === undefined) {
    return clientId === undefined ? successPath : `${successPath}?client_id=${encodeURIComponent(clientId)}`;
  }
  const address = new URL(postLogoutRedirectUri);
  if (state !== undefined) address.searchParams.set('state', state);
  return address.href;
}

/**
 * Adds the app to the address of the page after a sign-out, so that the page can link to it. The library does this only
 * when the session continues.
 */
export function nameAppAfterSignOut(ctx: KoaContextWithOIDC): void {
  const { route, client } = ctx.oidc ?? {};
  if (route !== 'end_session_confirm' || !client || ctx.status !== 303) return;
  const isOurPage = ctx.response.get('Location').endsWith(successPath);
  if (isOurPage) ctx.redirect(addressAfterSignOut({ clientId: client.clientId }));
}

export interface SignOutPages {
  /**
   * Responds to a valid logout request while somebody is signed in: signs out at once, or shows the confirmation page.
   */
  confirmOrSignOut: (ctx: KoaContextWithOIDC) => Promise<void>;
  /** Shows the page after a sign-out. */
  showSignedOut: (ctx: KoaContextWithOIDC) => Promise<void>;
  /** Responds to a refused logout request. @returns false when the error is another one and nothing was shown */
  showError: (ctx: KoaContextWithOIDC, error: Error, out: ErrorOut) => Promise<boolean>;
}

/** @param sessionCookie name of the session's cookie */
export function createSignOutPages(show: ShowPage, sessionCookie: string, subjectOf: SubjectOf): SignOutPages {
  function showConfirmation(
    ctx: KoaContextWithOIDC,
    client: Client | undefined,
    problem: Problem | undefined,
    status: number,
  ): void {
    const { secret } = stateOf(ctx.oidc.session)!;
    const values = { xsrf: secret, action: confirmPath, site: siteOf(client), clientId: client?.clientId, problem };
    show(ctx, 'protocol/sign-out', { ...values, details: [] }, { status, hasFormsToApp: true });
  }

  /**
   * Does what the library does after a confirmation. `destroy` revokes the grants and notifies the apps
   * (models/session.ts).
   */
  async function signOutAtOnce(ctx: KoaContextWithOIDC): Promise<void> {
    const { session, client, params } = ctx.oidc;
    await session!.destroy();
    ctx.cookies.set(sessionCookie, null, { httpOnly: true, sameSite: 'lax', signed: true });
    const { post_logout_redirect_uri: postLogoutRedirectUri, state } = params as Record<string, string | undefined>;
    ctx.status = 303;
    ctx.redirect(addressAfterSignOut({ postLogoutRedirectUri, state, clientId: client!.clientId }));
  }

  /** Shows why a request is refused. The person can sign out all the same, but is not redirected to the app. */
  function refuse(ctx: KoaContextWithOIDC, out: ErrorOut): void {
    const { session, client, params } = ctx.oidc;
    const { status } = ctx;
    const uri = params?.['post_logout_redirect_uri'];
    const isUnregistered = client && typeof uri === 'string' && !client.postLogoutRedirectUriAllowed(uri);
    const problem: Problem = isUnregistered ? 'address' : 'request';
    const values = { site: siteOf(client), problem, code: out.error, details: detailsOf(ctx, out) };
    if (session!.accountId === undefined) {
      show(ctx, 'protocol/signed-out', { ...values, isSignedIn: false }, { status });
      return;
    }
    const secret = randomToken();
    session!.state = { secret };
    show(ctx, 'protocol/sign-out', { ...values, xsrf: secret, action: confirmPath }, { status });
  }

  /**
   * Responds to a confirmation form that is not the newest one, or whose session has ended: it was submitted twice, or
   * another tab's form was submitted first. Shows a new form, or the page after a sign-out.
   */
  async function replaceOutdatedForm(ctx: KoaContextWithOIDC): Promise<void> {
    const { session, provider, body } = ctx.oidc;
    if (session!.accountId === undefined) {
      const clientId = body?.['client_id'];
      ctx.status = 303;
      ctx.redirect(addressAfterSignOut({ clientId: typeof clientId === 'string' ? clientId : undefined }));
      return;
    }
    session!.state ??= { secret: randomToken() };
    const clientId = stateOf(session)?.clientId;
    const client = clientId === undefined ? undefined : await provider.Client.find(clientId);
    showConfirmation(ctx, client, 'form', ctx.status);
  }

  return {
    async confirmOrSignOut(ctx) {
      const { client } = ctx.oidc;
      // Only a top-level navigation may sign a person out without a confirmation: no image and no prefetched link.
      const isTrusted = client && isFirstParty(client) && isNavigation(ctx);
      if (isTrusted && isHintOfThisSession(ctx.oidc, subjectOf)) return signOutAtOnce(ctx);
      return showConfirmation(ctx, client, isHintOfAnotherPerson(ctx.oidc, subjectOf) ? 'account' : undefined, 200);
    },

    async showSignedOut(ctx) {
      const { client, provider } = ctx.oidc;
      const { accountId, authorizations } = await provider.Session.get(ctx);
      const isSignedIn = accountId !== undefined;
      // Anybody can link to this address: it must not tell a person who is signed in that they are signed out.
      if (isSignedIn && (!client || authorizations?.[client.clientId])) return ctx.redirect('/account');
      return show(ctx, 'protocol/signed-out', { site: siteOf(client), isSignedIn, details: [] });
    },

    async showError(ctx, error, out) {
      const { route, session } = ctx.oidc;
      if (!session || out.error === 'server_error') return false;
      if (route === 'end_session') refuse(ctx, out);
      else if (route === 'end_session_confirm' && error instanceof errors.InvalidRequest)
        await replaceOutdatedForm(ctx);
      else return false;
      return true;
    },
  };
}
