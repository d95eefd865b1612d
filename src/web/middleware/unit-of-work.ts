/** One request, one transaction: committed before the response is sent, or rolled back. */
import type { Context, Middleware } from 'koa';
import { mustRetry } from '../../oidc/adapter/session-changed.ts';
import type { Database } from '../../platform/database.ts';
import { DatabaseBusy, TextNotStorable } from '../../platform/database-errors.ts';
import { Refusal } from '../../errors.ts';
import { stateOf } from '../services.ts';

/** Removes headers that speak of what was rolled back. */
function discardAnswer(ctx: Context): void {
  ctx.remove('Set-Cookie');
  ctx.remove('Location');
}

/** Redirects a GET request to itself, so that it sees what the other request did. @throws Refusal `session_ended` for others */
function retry(ctx: Context): void {
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
        if (mustRetry(ctx)) return retry(ctx);
        throw error;
      }
      if (ctx.res.headersSent) throw new Error('the answer left before the transaction was committed');
      const { fault } = stateOf(ctx);
      if (mustRetry(ctx)) {
        await unit.rollback();
        retry(ctx);
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
