/** A server that is started before its database: it lives, says that it is not ready, and begins by itself. */
import { createServer, type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { openBase, type Base } from '../base.ts';
import type { Config } from '../config.ts';
import { createLog } from '../platform/log.ts';
import { failureKindOf, type Failure } from './failure.ts';
import { listen } from './listen.ts';

const retryMilliseconds = 1_000;

/** What passes by itself: a database that starts, moves or is full. A wrong password does not. */
const passing: ReadonlySet<Failure> = new Set<Failure>([
  'database_busy',
  'database_full',
  'database_host_unknown',
  'database_unreachable',
]);

/** Answers that the process lives and nothing else: everything but `/healthz` is 503 with Retry-After. */
const createWaitingServer = (): Server =>
  createServer((request, response) => {
    const isLive = request.url === '/healthz';
    const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'text/plain; charset=utf-8' };
    response.writeHead(isLive ? 200 : 503, isLive ? headers : { ...headers, 'Retry-After': '2' });
    response.end(isLive ? 'ok\n' : 'not ready\n');
  });

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}

/**
 * Opens the database, and waits for one that is not there yet.
 *
 * @returns undefined when `stop` was aborted meanwhile
 * @throws ListenFailed, and what openBase throws for a reason that does not pass by itself
 */
export async function awaitDatabase(config: Config, stop: AbortSignal): Promise<Base | undefined> {
  const log = createLog(config.logLevel);
  const waiting = createWaitingServer();
  let told: Failure | undefined;
  try {
    while (!stop.aborted) {
      try {
        return await openBase(config, { role: 'server', log });
      } catch (error) {
        const failure = failureKindOf(error);
        if (!config.databaseUrl || !passing.has(failure)) throw error;
        if (told !== failure) log.warn({ reason: failure }, 'waiting for the database');
        told = failure;
      }
      if (!waiting.listening) await listen(waiting, config.port, config.host);
      await wait(retryMilliseconds, undefined, { signal: stop }).catch(() => {});
    }
    return undefined;
  } finally {
    await close(waiting);
  }
}
