/** Gives each request an id and one log line, without parameters and without ids that a reader of the log could use. */
import type { Context, Middleware } from 'koa';
import { v7 as uuid } from 'uuid';
import type { Log } from '../../platform/log.ts';
import { stateOf } from '../services.ts';

/** The path without ids that a reader of the log could use. */
const pathPatternOf = (path: string): string =>
  path.replace(/^(\/interaction|\/oauth\/authorize|\/sign-out\/receipt)\/[^/]+/, '$1/:name').slice(0, 200);

export function requestLog(log: Log): Middleware {
  return async (ctx: Context, next) => {
    const state = stateOf(ctx);
    state.requestId = uuid();
    ctx.set('X-Request-Id', state.requestId);
    try {
      await next();
    } finally {
      const { method, status, ip } = ctx;
      const milliseconds = Math.round(performance.now() - state.arrivedAt);
      log.request({ requestId: state.requestId, method, path: pathPatternOf(ctx.path), status, milliseconds, ip });
    }
  };
}
