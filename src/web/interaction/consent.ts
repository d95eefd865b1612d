/** `POST /interaction/:uid/consent`: the person allows what the app asked for. */
import type Router from '@koa/router';
import { giveConsent } from '../../grants/give-consent.ts';
import { Refusal } from '../../errors.ts';
import { readForm } from '../form.ts';
import { seeOther } from '../page.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export function consentPage(router: Router, { db, oidc }: Services, pages: InteractionPages): void {
  router.post('/interaction/:uid/consent', (ctx) =>
    pages.orShowExpired(ctx, async () => {
      const form = await readForm(ctx);
      const interaction = await oidc.interaction(ctx);
      pages.requireToken(ctx, form, interaction);
      const { prompt, accountId, client, asked, returnHost } = interaction;
      if (prompt !== 'consent' || accountId === undefined) throw new Refusal('interaction_expired');
      // What was asked is kept on our side; nothing the form says can add to it.
      await giveConsent(db, { accountId, clientId: client.id, redirectHost: returnHost, permissions: asked });
      seeOther(ctx, await oidc.consented(ctx));
    }),
  );
}
