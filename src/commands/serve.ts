/** `frontdesk serve`: runs the server until it is told to stop. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { flushCompileCache } from 'node:module';
import { createApp, openBase } from '../app.ts';
import { loadConfig } from '../config.ts';
import type { Command } from './command.ts';

/** The port is somebody else's: said before anything is written. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new PortTaken(`port ${port} on ${host} is taken: stop what listens there, or set another PORT`);
  }
}

const stopSignal = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve(signal));
  });

export const serve: Command = {
  name: 'serve',
  about: 'Run the server. Applies migrations first; stops on SIGTERM or Ctrl-C after finishing what is under way.',
  async run({ io }) {
    const stop = stopSignal();
    const config = loadConfig(io.environment);
    const base = await openBase(config, 'server');
    const app = await createApp(base);
    try {
      await listen(app.server, config.port, config.host);
    } catch (error) {
      await app.close();
      throw error;
    }
    base.log.info({ issuer: config.issuer, host: config.host, port: config.port }, 'ready');
    // Else it is kept only when the server ends; commands beside it start in half the time (bin/frontdesk.js).
    flushCompileCache();
    const signal = await stop;
    base.log.info({ signal }, 'stopping');
    await app.close();
  },
};
