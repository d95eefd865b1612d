/** Makes a server listen on a port, and waits until it does. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { ListenFailed } from './failure.ts';

/** @throws ListenFailed */
export async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenFailed(`${host}:${port}`, { cause: error });
  }
}
