/** `/`: what this address is, for people who come by. */
import type Router from '@koa/router';
import { createShowPage } from '../page.ts';
import type { Services } from '../services.ts';

export function welcomePage(router: Router, { views }: Services): void {
  const show = createShowPage(views);
  router.get('/', (ctx) => show(ctx, 'visitor/welcome', {}));
}
