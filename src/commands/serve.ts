/** `frontdesk serve`: runs the server until it gets a signal to stop. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { flushCompileCache } from 'node:module';
import { createApp, type App } from '../app.ts';
import { openBase, type Base } from '../base.ts';
import { loadConfig } from '../config.ts';
import type { Command } from './command.ts';
import { ListenFailed } from './failure.ts';

/** Starts to serve, or closes what was opened. @throws ListenFailed, and what createApp throws */
async function startApp(base: Base): Promise<App> {
  const app = await createApp(base).catch(async (error: unknown) => {
    await base.close();
    throw error;
  });
  try {
    await listen(app.server, base.config.port, base.config.host);
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** @throws ListenFailed */
async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenFailed(`${host}:${port}`, { cause: error });
  }
}

const stopSignal = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve(signal));
  });

export const serve: Command = {
  name: 'serve',
  about: 'Run the server. Applies migrations first; on SIGTERM or Ctrl-C it finishes open requests and stops.',
  async run({ io }) {
    const stop = stopSignal();
    const config = loadConfig(io.environment);
    const base = await openBase(config, { role: 'server' });
    const app = await startApp(base);
    base.log.info({ issuer: config.issuer, host: config.host, port: config.port }, 'ready');
    // Node writes its compile cache when the process ends; commands that start meanwhile need it (bin/frontdesk.js).
    flushCompileCache();
    const signal = await stop;
    base.log.info({ signal }, 'stopping');
    await app.close();
  },
};
