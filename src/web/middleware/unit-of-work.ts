/** One request, one transaction: committed before the response is sent, or rolled back. */
import type { Context, Middleware } from 'koa';
import { mustRetry } from '../../oidc/adapter/session-conflict.ts';
import type { Database } from '../../platform/database.ts';
import { CommitFailed, isDatabaseError, TransactionConflict } from '../../platform/database-errors.ts';
import { Refusal } from '../../errors.ts';
import { stateOf } from '../services.ts';
import { isForPrograms } from './errors.ts';

/** Removes the headers that refer to rolled-back writes. */
function discardHeaders(ctx: Context): void {
  ctx.remove('Set-Cookie');
  ctx.remove('Location');
}

/** Whether this request was rolled back because it conflicts with a concurrent one. */
const isConflict = (error: unknown): boolean =>
  error instanceof TransactionConflict || (error instanceof CommitFailed && isConflict(error.cause));

/**
 * Redirects the browser to the same address, so that the repeated request sees what the concurrent request wrote. With
 * 307 the browser submits the same form again (RFC 9110 §15.4.8); the first submission was rolled back.
 */
function retry(ctx: Context): void {
  discardHeaders(ctx);
  ctx.body = undefined;
  ctx.status = ctx.method === 'POST' ? 307 : 303;
  ctx.redirect(ctx.originalUrl);
}

/** Statements of a request fail this long after it arrived, so that its response is sent within ten seconds. */
const maxRequestMilliseconds = 9_000;

export function unitOfWork(db: Database): Middleware {
  return (ctx: Context, next) =>
    db.startUnitOfWork(
      async (unit) => {
        try {
          await next();
          if (ctx.res.headersSent) throw new Error('the response was sent before the transaction was committed');
          const { fault } = stateOf(ctx);
          if (isDatabaseError(fault) || fault instanceof Refusal) throw fault;
          if (!mustRetry(ctx) && !fault && unit.mayCommit(ctx.status)) return await unit.commit();
        } catch (error) {
          await unit.rollback();
          // Programs do not follow redirects: they get 503, and try again.
          if (mustRetry(ctx) || (isConflict(error) && !isForPrograms(ctx))) return retry(ctx);
          throw error;
        }
        await unit.rollback();
        if (mustRetry(ctx)) return retry(ctx);
        return discardHeaders(ctx);
      },
      stateOf(ctx).arrivedAt + maxRequestMilliseconds - performance.now(),
    );
}
