/** `POST /interaction/:uid/continue`: the person selects the account that is signed in (`prompt=select_account`). */
import { Refusal } from '../../errors.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export const continueWithAccount = ({ oidc }: Services, pages: InteractionPages): Handler =>
  pages.handleForm(
    async (ctx, { prompt, accountId }) => {
      if (prompt !== 'select_account' || accountId === undefined) throw new Refusal('interaction_expired');
      seeOther(ctx, await oidc.accountSelected(ctx));
    },
    // A repeated form gets the first result only when the interaction ended with this account.
    ({ prompt, ending, accountId }) =>
      prompt === 'select_account' && accountId !== undefined && ending?.accountId === accountId,
  );
