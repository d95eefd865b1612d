/** `/healthz` and `/readyz`: for process managers and load balancers. */
import type { Services } from '../services.ts';
import type { Handler } from '../route.ts';

/** Whether this process may be sent requests: the database answers and the process is not stopping. */
export interface Readiness {
  isDraining: boolean;
}

/** The process runs. */
export const live: Handler = (ctx) => {
  ctx.set('Cache-Control', 'no-store');
  ctx.body = 'ok\n';
};

/** The process can answer requests: 200, else 503. */
export const ready =
  ({ db }: Services, readiness: Readiness): Handler =>
  async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    const isReady = !readiness.isDraining && (await db.isAnswering());
    ctx.status = isReady ? 200 : 503;
    ctx.body = isReady ? 'ready\n' : 'not ready\n';
  };
