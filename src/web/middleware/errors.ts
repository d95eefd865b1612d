/** Turns errors into responses: a page for people, JSON for programs. */
import type { Context, Middleware } from 'koa';
import { Refusal, refusalText, type RefusalCode } from '../../errors.ts';
import { CommitFailed, CommitUncertain, databaseTroubleOf, TextNotStorable } from '../../platform/database-errors.ts';
import type { Log } from '../../platform/log.ts';
import { createShowPage } from '../page.ts';
import { stateOf, type Services } from '../services.ts';

/** Retry-After while the database is busy or cannot be reached. */
const retryAfterSeconds = 2;

const statementFailed = 'a statement failed in the database';

/** Endpoints of programs: their errors are JSON in the form of RFC 6749 §5.2. */
export const isForPrograms = ({ path }: { path: string }): boolean =>
  /^\/oauth\/(token|userinfo|introspect|revoke|jwks|register(\/.*)?)$/.test(path) || path.startsWith('/.well-known/');

/** @returns undefined for a fault: a mistake of the program, which no other request or retry avoids */
function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  const cause = error instanceof CommitFailed ? error.cause : error;
  if (cause instanceof TextNotStorable) return new Refusal('text_invalid');
  if (error instanceof CommitUncertain) return new Refusal('outcome_unknown', {}, retryAfterSeconds);
  const trouble = databaseTroubleOf(error);
  if (trouble === undefined) return undefined;
  const isAway = trouble === 'away' || trouble === 'read_only';
  return new Refusal(isAway ? 'database_unavailable' : 'database_busy', {}, retryAfterSeconds);
}

/** Logs what an operator must look into: a mistake of the program, or a failure of the database with its kind. */
function logFault(log: Log, ctx: Context, error: unknown): void {
  const isOurs = databaseTroubleOf(error) === undefined;
  log.error({ err: error, requestId: stateOf(ctx).requestId }, isOurs ? 'fault' : statementFailed);
}

const isOfDatabase = (code: RefusalCode): boolean =>
  code === 'database_busy' || code === 'database_unavailable' || code === 'outcome_unknown';

/** Logs a refusal with its values. A 404 is left to the request log. */
export function logRefusal(log: Log, ctx: Context, { code, values, status }: Refusal): void {
  if (status !== 404) log.warn({ requestId: stateOf(ctx).requestId, refusal: code, ...values }, 'request refused');
}

export function errors({ log, texts, views }: Pick<Services, 'log' | 'texts' | 'views'>): Middleware {
  const show = createShowPage(views);

  function respond(ctx: Context, refusal: Refusal | undefined): void {
    const { requestId } = stateOf(ctx);
    const status = refusal?.status ?? 500;
    const code = refusal?.code ?? 'fault';
    const hint = refusal ? refusalText(texts, refusal) : texts('error.fault');
    if (refusal?.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(refusal.retryAfterSeconds));
    if (isForPrograms(ctx)) {
      const error = status >= 500 ? (status === 503 ? 'temporarily_unavailable' : 'server_error') : 'invalid_request';
      ctx.status = status;
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { error, error_description: hint, request_id: requestId };
      return;
    }
    show(ctx, 'error', { code, words: refusal ? 'refusal' : 'fault', hint, site: {} }, { status });
  }

  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const refusal = asRefusal(error);
      // Faults are logged once, here.
      if (!refusal || isOfDatabase(refusal.code)) logFault(log, ctx, error);
      else logRefusal(log, ctx, refusal);
      ctx.remove('Set-Cookie');
      ctx.remove('Location');
      respond(ctx, refusal);
      return;
    }
    if (ctx.status === 404 && ctx.body === undefined) respond(ctx, new Refusal('not_found'));
  };
}
