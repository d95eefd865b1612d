/** `POST /interaction/:uid/consent`: the person allows what the app requested. */
import { giveConsent } from '../../grants/give-consent.ts';
import { Refusal } from '../../errors.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export const allow = ({ db, oidc }: Services, pages: InteractionPages): Handler =>
  pages.handleForm(
    async (ctx, { prompt, accountId, client, requested, returnHost }) => {
      if (prompt !== 'consent' || accountId === undefined) throw new Refusal('interaction_expired');
      // The permissions come from the stored authorization request; the form cannot add any.
      await giveConsent(db, { accountId, clientId: client.id, redirectHost: returnHost, permissions: requested });
      seeOther(ctx, await oidc.consented(ctx));
    },
    // A repeated form gets the first result only when the interaction ended with a consent of this account.
    ({ prompt, ending, accountId }) =>
      prompt === 'consent' && accountId !== undefined && ending?.accountId === accountId,
  );
