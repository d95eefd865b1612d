/** One request, one transaction: committed before the answer leaves, or undone as a whole. */
import type { Context, Middleware } from 'koa';
import { mustRetry } from '../../oidc/adapter/session-changed.ts';
import type { Database } from '../../platform/database.ts';
import { DatabaseBusy, TextNotStorable } from '../../platform/database-errors.ts';
import { Refusal } from '../../errors.ts';
import { stateOf } from '../services.ts';

/** Takes back what the answer said of things that did not happen. */
function discardAnswer(ctx: Context): void {
  ctx.remove('Set-Cookie');
  ctx.remove('Location');
}

/** The request is made again from the start, and then sees what the other one did. Only GET can be. */
function tryAgain(ctx: Context): void {
  discardAnswer(ctx);
  if (ctx.method !== 'GET') throw new Refusal('session_ended');
  ctx.status = 303;
  ctx.body = undefined;
  ctx.redirect(ctx.originalUrl);
}

export function unitOfWork(db: Database): Middleware {
  return (ctx: Context, next) =>
    db.startUnitOfWork(async (unit) => {
      try {
        await next();
      } catch (error) {
        await unit.rollback();
        if (mustRetry(ctx)) return tryAgain(ctx);
        throw error;
      }
      if (ctx.res.headersSent) throw new Error('the answer left before the transaction was committed');
      const { fault } = stateOf(ctx);
      if (mustRetry(ctx)) {
        await unit.rollback();
        tryAgain(ctx);
      } else if (fault instanceof TextNotStorable || fault instanceof DatabaseBusy) {
        await unit.rollback();
        throw fault;
      } else if (!fault && unit.mayCommit(ctx.status)) {
        await unit.commit();
      } else {
        await unit.rollback();
        discardAnswer(ctx);
      }
    });
}
