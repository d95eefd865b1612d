/** Finds the connections that a network has lost without closing them. */
import type { Socket } from 'node:net';
import type pg from 'pg';

const socketOf = (client: pg.PoolClient): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream;

/**
 * Follows the connections of a pool.
 *
 * @returns a function that notes how much each of them has received. It returns a function that closes those that have
 *   received nothing since, so that nobody waits for the time limit of a statement
 */
export function followConnections(pool: pg.Pool): () => () => void {
  const clients = new Set<pg.PoolClient>();
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));

  return () => {
    const noted = [...clients].map((client) => ({ client, bytesRead: socketOf(client).bytesRead }));
    return () => {
      for (const { client, bytesRead } of noted) {
        const socket = socketOf(client);
        if (clients.has(client) && socket.bytesRead === bytesRead) socket.destroy();
      }
    };
  };
}
