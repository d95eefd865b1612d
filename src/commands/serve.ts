/** `frontdesk serve`: runs the server until it gets a signal to stop. */
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { createApp, type App } from '../app.ts';
import type { Base } from '../base.ts';
import { loadConfig, type Config } from '../config.ts';
import { loadTexts } from '../platform/texts.ts';
import { awaitDatabase } from './await-database.ts';
import type { Command } from './command.ts';
import { failureText } from './failure.ts';
import { listen } from './listen.ts';
import { isWorker, reportReady, runWorkers } from './workers.ts';

/** Starts the server; closes `base` when this fails. @throws ListenFailed, and the errors of createApp */
async function startApp(base: Base): Promise<{ app: App; host: string }> {
  const app = await createApp(base).catch(async (error: unknown) => {
    await base.close();
    throw error;
  });
  try {
    return { app, host: await listen(app.server, base.config.port, base.config.hosts) };
  } catch (error) {
    await app.close();
    throw error;
  }
}

const logDatabaseFailure = ({ log }: Base, failure: Error): void =>
  log.error({ hint: failureText(loadTexts(), failure) }, 'the database has ended');

/** Serves until `stop` is aborted. @throws LocalFailure when the embedded database has ended for good */
async function serveHere(config: Config, stop: AbortSignal): Promise<void> {
  const base = await awaitDatabase(config, stop, isWorker ? 'worker' : 'server');
  if (!base) return;
  const { app, host } = await startApp(base);
  const address = { issuer: config.issuer, host, port: config.port };
  if (isWorker) base.log.info({ ...address, pid: process.pid }, 'a worker is ready');
  else base.log.info(address, 'ready');
  reportReady();
  // Node writes its compile cache when the process ends; commands that start meanwhile need it (bin/frontdesk.js).
  flushCompileCache();
  const stopped = stop.aborted ? Promise.resolve() : once(stop, 'abort');
  const failure = await Promise.race([stopped.then(() => undefined), base.databaseFailure]);
  if (failure) logDatabaseFailure(base, failure);
  else base.log.info({ signal: String(stop.reason) }, 'stopping');
  await app.close();
  if (failure) throw failure;
}

/**
 * Serves with several processes. This one runs the embedded database, if there is one, and applies migrations.
 *
 * @throws LocalFailure when the embedded database has ended for good
 */
async function serveWithWorkers(config: Config, stop: AbortController): Promise<void> {
  const base = await awaitDatabase(config, stop.signal, 'server');
  if (!base) return;
  const address = { issuer: config.issuer, port: config.port, workers: config.webConcurrency };
  try {
    const onReady = () => base.log.info(address, 'ready');
    const ended = runWorkers(config.webConcurrency, base.log, stop.signal, onReady);
    const failure = await Promise.race([ended.then(() => undefined), base.databaseFailure]);
    if (!failure) return;
    logDatabaseFailure(base, failure);
    stop.abort();
    await ended;
    throw failure;
  } finally {
    await base.close();
  }
}

export const serve: Command = {
  name: 'serve',
  about: 'Run the server. Applies migrations first; on SIGTERM or Ctrl-C it finishes open requests and stops.',
  async run({ io }) {
    const stop = new AbortController();
    // Once: a second signal ends the process without waiting.
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort(signal));
    const config = loadConfig(io.environment);
    if (config.webConcurrency > 1 && !isWorker) await serveWithWorkers(config, stop);
    else await serveHere(config, stop.signal);
  },
};
