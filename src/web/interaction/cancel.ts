/** `POST /interaction/:uid/cancel`: sends the person back to the app without signing in (`access_denied`). */
import { readForm } from '../form.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export const cancel =
  ({ oidc }: Services, pages: InteractionPages): Handler =>
  (ctx) =>
    pages.orShowExpired(ctx, async () => {
      const form = await readForm(ctx);
      const interaction = await oidc.interaction(ctx);
      pages.requireToken(ctx, form, interaction);
      seeOther(ctx, await oidc.cancelled(ctx));
    });
