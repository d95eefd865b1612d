/** `POST /interaction/:uid/consent`: the person allows what the app requested. */
import { giveConsent } from '../../grants/give-consent.ts';
import { Refusal } from '../../errors.ts';
import { readForm } from '../form.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export const allow =
  ({ db, oidc }: Services, pages: InteractionPages): Handler =>
  (ctx) =>
    pages.orShowExpired(ctx, async () => {
      const form = await readForm(ctx);
      const interaction = await oidc.interaction(ctx);
      pages.requireToken(ctx, form, interaction);
      const { prompt, accountId, client, asked, returnHost } = interaction;
      if (prompt !== 'consent' || accountId === undefined) throw new Refusal('interaction_expired');
      // The request is stored with the interaction; the form cannot add to it.
      await giveConsent(db, { accountId, clientId: client.id, redirectHost: returnHost, permissions: asked });
      seeOther(ctx, await oidc.consented(ctx));
    });
