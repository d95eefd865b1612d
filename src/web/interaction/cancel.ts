/** `POST /interaction/:uid/cancel`: back to the app without signing in (`access_denied`). */
import type Router from '@koa/router';
import { readForm } from '../form.ts';
import { seeOther } from '../page.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export function cancelPage(router: Router, { oidc }: Services, pages: InteractionPages): void {
  router.post('/interaction/:uid/cancel', (ctx) =>
    pages.orShowExpired(ctx, async () => {
      const form = await readForm(ctx);
      const interaction = await oidc.interaction(ctx);
      pages.requireToken(ctx, form, interaction);
      seeOther(ctx, await oidc.cancelled(ctx));
    }),
  );
}
