/** Refuses at once what would wait too long, before anything is read of the database. */
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { Refusal } from '../../errors.ts';
import { createQueue, QueueRefused, type BoundedQueue } from '../../platform/bounded-queue.ts';
import { runAsRequest } from '../../platform/current-request.ts';
import { stateOf, type Services } from '../services.ts';
import { createBusyResponse } from './busy-response.ts';
import { isForPrograms } from './errors.ts';
import { documents } from './public-documents.ts';

export interface OverloadOptions {
  /** How many requests are in work that may need the database. */
  concurrency: number;
  /** Milliseconds that a request may wait for its turn. */
  maxWaitMilliseconds?: number;
}

export interface Load {
  /** Requests in work that may need the database, and those that wait for their turn. */
  inWork: number;
  waiting: number;
}

export interface Overload {
  middleware: Middleware;
  load(): Load;
}

const defaultMaxWait = 1_000;
const retryAfterSeconds = 2;
const logEverySeconds = 1;
/** Longer bodies are refused; Node keeps up to 64 KiB of a body that nobody reads yet. */
const maxBodyBytes = 56 * 1024;

const workLimits = { maxWaiting: 1_000, expectedMilliseconds: 20 };
/** Responses from memory do not wait behind those that need the database. */
const memoryLimits = { concurrency: 16, maxWaiting: 1_000, expectedMilliseconds: 1 };

/** Who is first in line: programs, then who is in the middle of something, then who begins. */
const ranks = { programs: 0, underWay: 1, starting: 2 };

function rankOf(ctx: Context): number {
  if (isForPrograms(ctx) || ctx.path === '/readyz') return ranks.programs;
  return /^\/(interaction|sign-out|oauth\/authorize|oauth\/logout)\/|^\/account\/callback$/.test(ctx.path)
    ? ranks.underWay
    : ranks.starting;
}

const isSignIn = ({ method, path }: Context): boolean =>
  method === 'POST' && /^\/interaction\/[^/]+\/password$/.test(path);

/** Waits until the body has arrived: who sends it slowly must not hold a place. It stays unread. */
async function untilBodyArrived(request: IncomingMessage): Promise<void> {
  // What came with the headers is parsed once this turn is over.
  await Promise.resolve();
  const hasArrived = () => request.complete || request.readableLength > maxBodyBytes || request.destroyed;
  if (hasArrived()) return;
  await new Promise<void>((resolve) => {
    const check = () => {
      if (!hasArrived()) return;
      request.off('readable', check).off('close', check);
      resolve();
    };
    request.on('readable', check).on('close', check);
  });
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Aborted when the connection closes before the response is sent. */
function signalOf({ res }: Context): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

/**
 * Keeps few requests in work; others wait in line for a second at most, and what would wait longer is refused. Whoever
 * leaves the line is not served.
 */
export function createOverload(
  services: Pick<Services, 'texts' | 'views' | 'log' | 'hasher'>,
  secure: Middleware,
  { concurrency, maxWaitMilliseconds = defaultMaxWait }: OverloadOptions,
): Overload {
  const { log, views, hasher } = services;
  const respondBusy = createBusyResponse(services, secure);
  const work = createQueue({ ...workLimits, concurrency, maxWaitMilliseconds, ranks: Object.keys(ranks).length });
  const memory = createQueue({ ...memoryLimits, maxWaitMilliseconds });
  const busy = new Refusal('server_busy', {}, retryAfterSeconds);
  let refused = 0;

  /** Responds, and counts for the log, which gets one line a second. */
  async function refuse(ctx: Context, refusal: Refusal): Promise<void> {
    if (refused === 0) {
      setTimeout(() => {
        log.warn({ refused, inWork: work.running, waiting: work.waiting }, 'overloaded: requests were refused');
        refused = 0;
      }, logEverySeconds * 1000).unref();
    }
    refused += 1;
    await respondBusy(ctx, refusal);
  }

  /** The line that a request joins; none for the probe that says whether the process runs, and for what is no path. */
  function queueOf(ctx: Context): BoundedQueue | undefined {
    if (!ctx.req.url!.startsWith('/') || ctx.path === '/healthz') return undefined;
    return documents.has(ctx.path) || views.assets.has(ctx.path) ? memory : work;
  }

  const middleware: Middleware = async (ctx, next) => {
    const state = stateOf(ctx);
    state.arrivedAt = performance.now();
    const queue = queueOf(ctx);
    if (!queue) return next();
    const rank = queue === work ? rankOf(ctx) : 0;
    if (queue.isFull(rank)) return refuse(ctx, busy);
    try {
      if (isSignIn(ctx)) hasher.requireCapacity();
      if (hasBody(ctx.req)) await untilBodyArrived(ctx.req);
      if (ctx.req.destroyed) throw new QueueRefused('gone');
      const signal = signalOf(ctx);
      const place = await queue.enter({ rank, signal });
      try {
        await runAsRequest({ place, signal }, next);
      } finally {
        place.leave();
      }
    } catch (error) {
      const refusal = error instanceof QueueRefused ? busy : error;
      if (!(refusal instanceof Refusal)) throw error;
      if (ctx.req.destroyed) ctx.respond = false;
      else await refuse(ctx, refusal);
    }
    return undefined;
  };
  return { middleware, load: () => ({ inWork: work.running, waiting: work.waiting }) };
}
