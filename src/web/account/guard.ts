/** The guard of the account pages: the person is signed in, and a POST carries a form token of their session. */
import type { Context, Middleware } from 'koa';
import { findAccount } from '../../accounts/account-repository.ts';
import { displayName, type Account } from '../../accounts/account.ts';
import { createFormTokens, readForm } from '../form.ts';
import type { Services } from '../services.ts';
import type { AccountSignIn } from './callback.ts';

/** The account that is signed in, and the session of this browser. */
export interface SignedIn {
  account: Account;
  sessionUid: string;
}

const signedIn = Symbol('signed in');

/** The person who passed the guard. @throws Error on a route without the guard */
export function signedInOf(ctx: Context): SignedIn {
  const person = (ctx.state as { [signedIn]?: SignedIn })[signedIn];
  if (!person) throw new Error('not behind the guard of /account');
  return person;
}

const purposeOf = (sessionUid: string) => `account ${sessionUid}`;

export function accountGuard(services: Services, accountSignIn: AccountSignIn): Middleware {
  const { db, oidc } = services;
  const tokens = createFormTokens(services);
  return async (ctx, next) => {
    const session = await oidc.session(ctx);
    const account = session && (await findAccount(db, session.accountId));
    if (!session || !account || account.suspendedAt) return accountSignIn.start(ctx, ctx.path);
    // Pages of other sites that opened this page in a window must not keep a reference to the window.
    ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
    Object.assign(ctx.state, { [signedIn]: { account, sessionUid: session.uid } });
    if (ctx.method === 'POST') tokens.require(ctx, await readForm(ctx), purposeOf(session.uid));
    return next();
  };
}

export type ShowAccountPage = (ctx: Context, view: string, values: Record<string, unknown>) => void;

/** Shows a page of the account, with its navigation and the CSRF token of its forms. */
export function createShowAccountPage(
  services: Services,
  show: (ctx: Context, view: string, values: Record<string, unknown>) => void,
): ShowAccountPage {
  const tokens = createFormTokens(services);
  return (ctx, view, values) => {
    const { account, sessionUid } = signedInOf(ctx);
    const person = { name: displayName(account), email: account.email };
    show(ctx, view, { person, path: ctx.path, csrf: tokens.issue(ctx, purposeOf(sessionUid)), ...values });
  };
}
