/** `/healthz` and `/readyz`: for process managers and load balancers. */
import type { Services } from '../services.ts';
import type { Handler } from '../route.ts';

/** What decides, besides the database, whether this process may be sent requests. */
export interface Readiness {
  /** The process is stopping: it finishes the requests that it has. */
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
    const isReady = !readiness.isDraining && (await db.isResponding());
    ctx.status = isReady ? 200 : 503;
    ctx.body = isReady ? 'ready\n' : 'not ready\n';
  };
