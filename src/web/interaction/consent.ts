/** `POST /interaction/:uid/consent`: the person allows what the app requested. */
import { giveConsent } from '../../grants/give-consent.ts';
import { Refusal } from '../../errors.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export const allow = ({ db, oidc }: Services, pages: InteractionPages): Handler =>
  pages.form(
    async (ctx, { prompt, accountId, client, requested, returnHost }) => {
      if (prompt !== 'consent' || accountId === undefined) throw new Refusal('interaction_expired');
      // The request is stored with the interaction; the form cannot add to it.
      await giveConsent(db, { accountId, clientId: client.id, redirectHost: returnHost, permissions: requested });
      seeOther(ctx, await oidc.consented(ctx));
    },
    // Pressed again: the interaction ended with a consent of this account.
    ({ prompt, ending, accountId }) =>
      prompt === 'consent' && accountId !== undefined && ending?.accountId === accountId,
  );
