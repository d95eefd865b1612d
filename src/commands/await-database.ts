/** Waits for a database that is not available yet when the server starts, and responds to health probes meanwhile. */
import { createServer, type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { openBase, type Base } from '../base.ts';
import type { Config } from '../config.ts';
import { httpLimits } from '../platform/http-limits.ts';
import { createLog } from '../platform/log.ts';
import { loadTexts } from '../platform/texts.ts';
import { failureKindOf, failureText, nameFolder, type Failure } from './failure.ts';
import { listen } from './listen.ts';

const retryMilliseconds = 1_000;

/** Failures that may pass without a change of settings: the database starts, moves or is full. */
const transientFailures: ReadonlySet<Failure> = new Set<Failure>([
  'database_busy',
  'database_connections',
  'database_full',
  'database_host_unknown',
  'database_unreachable',
]);

/** A server that responds with 200 at `/healthz`, and with 503 and Retry-After at any other path. */
const createWaitingServer = (): Server =>
  createServer(httpLimits, (request, response) => {
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
 * Opens the database; retries every second while it is unavailable.
 *
 * @returns undefined when `stop` was aborted meanwhile
 * @throws ListenFailed, and the errors of openBase whose reason does not pass by itself
 */
export async function awaitDatabase(
  config: Config,
  stop: AbortSignal,
  role: 'server' | 'worker',
): Promise<Base | undefined> {
  const log = createLog(config.logLevel);
  const waitingServer = createWaitingServer();
  let loggedFailure: Failure | undefined;
  try {
    while (!stop.aborted) {
      try {
        return await openBase(config, { role, log });
      } catch (error) {
        const failure = failureKindOf(error);
        if (!config.databaseUrl || !transientFailures.has(failure)) throw nameFolder(error, config);
        if (loggedFailure !== failure) {
          log.warn({ reason: failure, hint: failureText(loadTexts(), error) }, 'waiting for the database');
        }
        loggedFailure = failure;
      }
      if (!waitingServer.listening) await listen(waitingServer, config.port, config.hosts);
      await wait(retryMilliseconds, undefined, { signal: stop }).catch(() => {});
    }
    return undefined;
  } finally {
    await close(waitingServer);
  }
}
