/** `frontdesk serve`: runs the server until it gets a signal to stop. */
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { createApp, type App } from '../app.ts';
import type { Base } from '../base.ts';
import { loadConfig } from '../config.ts';
import { loadTexts } from '../platform/texts.ts';
import { awaitDatabase } from './await-database.ts';
import type { Command } from './command.ts';
import { failureText } from './failure.ts';
import { listen } from './listen.ts';

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

/** A signal that is aborted on SIGINT and SIGTERM, with the name of that signal as its reason. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort(signal));
  return stop.signal;
}

export const serve: Command = {
  name: 'serve',
  about: 'Run the server. Applies migrations first; on SIGTERM or Ctrl-C it finishes open requests and stops.',
  async run({ io }) {
    const stop = stopSignal();
    const config = loadConfig(io.environment);
    const base = await awaitDatabase(config, stop);
    if (!base) return;
    const { app, host } = await startApp(base);
    base.log.info({ issuer: config.issuer, host, port: config.port }, 'ready');
    // Node writes its compile cache when the process ends; commands that start meanwhile need it (bin/frontdesk.js).
    flushCompileCache();
    const stopped = stop.aborted ? Promise.resolve() : once(stop, 'abort');
    const failure = await Promise.race([stopped.then(() => undefined), base.databaseFailure]);
    if (failure) base.log.error({ hint: failureText(loadTexts(), failure) }, 'the database has ended');
    else base.log.info({ signal: String(stop.reason) }, 'stopping');
    await app.close();
    if (failure) throw failure;
  },
};
