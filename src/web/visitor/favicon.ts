/** `/favicon.ico`: browsers request it for pages that name no icon. */
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';

export const sendFavicon =
  ({ views }: Services): Handler =>
  (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=86400');
    ctx.redirect([...views.assets.keys()].find((address) => address.startsWith('/assets/bell.'))!);
  };
