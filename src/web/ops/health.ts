/** `/healthz` and `/readyz`: for process managers and load balancers. */
import type { Services } from '../services.ts';
import type { Handler } from '../route.ts';

/** State of this process that decides, beside the database, whether load balancers may send requests to it. */
export interface Readiness {
  /** Whether the process is stopping: it finishes the requests that it has. */
  isDraining: boolean;
}

/** Responds with 200 while the process runs. */
export const live: Handler = (ctx) => {
  ctx.set('Cache-Control', 'no-store');
  ctx.body = 'ok\n';
};

/** Responds with 200 while the process can handle requests, else with 503. */
export const ready =
  ({ db }: Services, readiness: Readiness): Handler =>
  async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    const isReady = !readiness.isDraining && (await db.isResponding());
    ctx.status = isReady ? 200 : 503;
    ctx.body = isReady ? 'ready\n' : 'not ready\n';
  };
