/** `GET /interaction/:uid`: an app waits for a person; shows what is to be done next. The one place that decides. */
import type Router from '@koa/router';
import { seeOther } from '../page.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export function showPage(router: Router, { oidc }: Services, pages: InteractionPages): void {
  router.get('/interaction/:uid', (ctx) =>
    pages.orShowExpired(ctx, async () => {
      const interaction = await oidc.interaction(ctx);
      const isSwitching = ctx.query['as'] === 'another';
      if (isSwitching) return pages.showSignIn(ctx, interaction);
      // Signed in meanwhile, in another tab: nothing is left to type here.
      if (interaction.isFirstSignIn && (await oidc.session(ctx))) return seeOther(ctx, interaction.returnTo);
      if (interaction.prompt === 'consent') return pages.showConsent(ctx, interaction);
      return pages.showSignIn(ctx, interaction);
    }),
  );
}
