/** `/healthz` and `/readyz`: for whoever starts, stops and balances the processes. */
import type Router from '@koa/router';
import type { Services } from '../services.ts';

/** Whether this process may be sent requests: the database answers and nobody has asked it to stop. */
export interface Readiness {
  isDraining: boolean;
}

export function healthPages(router: Router, { db }: Services, readiness: Readiness): void {
  router.get('/healthz', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = 'ok\n';
  });

  router.get('/readyz', async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    const isReady = !readiness.isDraining && (await db.isAnswering());
    ctx.status = isReady ? 200 : 503;
    ctx.body = isReady ? 'ready\n' : 'not ready\n';
  });
}
