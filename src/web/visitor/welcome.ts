/** `/`: says what this address is for, and links to the account pages. */
import { findAccount } from '../../accounts/account-repository.ts';
import { displayName } from '../../accounts/account.ts';
import { createShowPage } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';

export const showWelcome = ({ db, oidc, views }: Services): Handler => {
  const show = createShowPage(views);
  return async (ctx) => {
    const session = await oidc.session(ctx);
    const account = session && (await findAccount(db, session.accountId));
    show(ctx, 'visitor/welcome', {
      person: account && !account.suspendedAt && { name: displayName(account) },
      isCancelled: ctx.query['cancelled'] !== undefined,
    });
  };
};
