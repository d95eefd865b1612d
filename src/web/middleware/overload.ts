/** Limits the requests that are handled at a time, and refuses at once those that would wait too long. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import { Refusal } from '../../errors.ts';
import { createQueue, QueueRefused, type BoundedQueue } from '../../platform/bounded-queue.ts';
import { runAsRequest } from '../../platform/current-request.ts';
import { stateOf, type Services } from '../services.ts';
import { createBusyResponse } from './busy-response.ts';
import { isForPrograms } from './errors.ts';
import { documents } from './public-documents.ts';

export interface OverloadOptions {
  /** Maximum number of requests in work that may need the database. */
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
  /** Refuses a request when its queue is full, before Koa handles it. @returns whether it was refused */
  refuseAtOnce(request: IncomingMessage, response: ServerResponse): boolean;
  middleware: Middleware;
  load(): Load;
}

const defaultMaxWait = 1_000;
const retryAfterSeconds = 2;
const logEverySeconds = 1;
/** Longer bodies are refused. Node buffers up to 64 KiB of a body that is not read yet. */
const maxBodyBytes = 56 * 1024;

const workLimits = { maxWaiting: 1_000, expectedMilliseconds: 20 };
/** Responses from memory do not wait behind those that need the database. */
const memoryLimits = { concurrency: 16, maxWaiting: 1_000, expectedMilliseconds: 1 };

/** The order of waiting requests: those of programs, then of people in the middle of a sign-in or sign-out, then others. */
const ranks = { programs: 0, continuing: 1, starting: 2 };

function rankOf(path: string): number {
  if (isForPrograms({ path }) || path === '/readyz') return ranks.programs;
  return /^\/(interaction|sign-out|oauth\/authorize|oauth\/logout)\/|^\/account\/callback$/.test(path)
    ? ranks.continuing
    : ranks.starting;
}

const isSignIn = ({ method, path }: Context): boolean =>
  method === 'POST' && /^\/interaction\/[^/]+\/password$/.test(path);

/** Waits until the body has arrived, without reading it, so that a slow client holds no place in the queue. */
async function untilBodyArrived(request: IncomingMessage): Promise<void> {
  // A body that came together with the headers is parsed after the current callback.
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
 * Handles few requests at a time. Others wait for a second at most; a request that is expected to wait longer is refused,
 * and one whose client has disconnected is dropped.
 */
export function createOverload(
  services: Pick<Services, 'texts' | 'views' | 'log' | 'hasher'>,
  secure: Middleware,
  { concurrency, maxWaitMilliseconds = defaultMaxWait }: OverloadOptions,
): Overload {
  const { log, views, hasher } = services;
  const busyResponse = createBusyResponse(services, secure);
  const work = createQueue({ ...workLimits, concurrency, maxWaitMilliseconds, ranks: Object.keys(ranks).length });
  const memory = createQueue({ ...memoryLimits, maxWaitMilliseconds });
  const busy = new Refusal('server_busy', {}, retryAfterSeconds);
  let refused = 0;

  /** Counts a refusal for the log, which gets one line a second. */
  function countRefusal(): void {
    if (refused === 0) {
      setTimeout(() => {
        log.warn({ refused, inWork: work.running, waiting: work.waiting }, 'overloaded: requests were refused');
        refused = 0;
      }, logEverySeconds * 1000).unref();
    }
    refused += 1;
  }

  async function refuse(ctx: Context, refusal: Refusal): Promise<void> {
    countRefusal();
    if (busyResponse.sendCached(ctx.res, ctx.path, refusal)) ctx.respond = false;
    else await busyResponse.respond(ctx, refusal);
  }

  /** The queue of a request, and its rank there; undefined for `/healthz`, and for a request target that is no path. */
  function findQueue(target: string): { queue: BoundedQueue; rank: number } | undefined {
    const [path = ''] = target.split('?', 1);
    if (!path.startsWith('/') || path === '/healthz') return undefined;
    if (documents.has(path) || views.assets.has(path)) return { queue: memory, rank: 0 };
    return { queue: work, rank: rankOf(path) };
  }

  const middleware: Middleware = async (ctx, next) => {
    const state = stateOf(ctx);
    state.arrivedAt = performance.now();
    const found = findQueue(ctx.req.url!);
    if (!found) return next();
    const { queue, rank } = found;
    try {
      if (queue.isFull(rank)) throw new QueueRefused('full');
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

  return {
    refuseAtOnce(request, response) {
      const found = findQueue(request.url!);
      if (!found?.queue.isFull(found.rank)) return false;
      if (!busyResponse.sendCached(response, request.url!.split('?', 1)[0]!, busy)) return false;
      countRefusal();
      return true;
    },
    middleware,
    load: () => ({ inWork: work.running, waiting: work.waiting }),
  };
}
