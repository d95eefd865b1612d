/** Starts servers of tests, and finds free ports. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { closeAfterwards } from './cleanup.ts';

/** A range below the ephemeral ports, which a connection could take between the search and the use. */
const ports = { from: 10_000, to: 30_000 };
const portsPerWorker = 1_000;
/** Each worker of jest has ports of its own: between the search and the use another one could take them. */
const firstOfWorker =
  ports.from + ((Number(process.env['JEST_WORKER_ID'] ?? 1) * portsPerWorker) % (ports.to - ports.from));
const givenOut = new Set<number>();

/** Listens on all addresses; `::` only where the machine has IPv6. */
export const everyAddress = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.family === 'IPv6')
  ? '::'
  : '0.0.0.0';

interface Closable extends Server {
  closeAllConnections?(): void;
}

/** Closes a server with all its connections. */
export async function closeServer(server: Closable): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections?.();
  await closed;
}

/** Listens on a loopback port, and closes the server afterwards. @returns the port */
export async function listen(server: Closable, port = 0, host = '127.0.0.1'): Promise<number> {
  closeAfterwards(() => closeServer(server));
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}

/** Finds consecutive ports that are free. @returns the first */
export async function freePort(inARow = 1): Promise<number> {
  for (;;) {
    const first = randomInt(firstOfWorker, firstOfWorker + portsPerWorker - inARow);
    const all = Array.from({ length: inARow }, (_, index) => first + index);
    if (all.some((port) => givenOut.has(port))) continue;
    for (const port of all) givenOut.add(port);
    if ((await Promise.all(all.map(isFree))).every(Boolean)) return first;
  }
}

/** Whether a server accepts connections on a loopback port. */
export const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
