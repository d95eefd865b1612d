/** A network between Frontdesk and its database that can go silent: it takes what is sent and passes nothing on. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { closeAfterwards } from './cleanup.ts';
import { listen } from './listen.ts';

export interface DatabaseProxy {
  /** The address of the database through the proxy. */
  url: string;
  /** Passes nothing on any more, in either direction, and says nothing. */
  freeze(): void;
  /** Passes nothing on any more on the connections that there are, for good and without a word; new ones work. */
  forget(): void;
  /** Breaks all connections; new ones are accepted. */
  cut(): void;
  /** Passes the next COMMIT on, and breaks its connection before the answer. */
  cutAtCommit(): void;
  /** Passes the next COMMIT on, and nothing back on its connection. */
  forgetAtCommit(): void;
  /** Passes on what was held back, and everything from now on. */
  thaw(): void;
  /** Breaks all connections and takes no new ones. */
  close(): Promise<void>;
}

/**
 * @param url of a database by a Unix socket, as tests have it
 * @param onPort that it listens on; a free one when left out
 */
export async function startDatabaseProxy(url: string, onPort?: number): Promise<DatabaseProxy> {
  const address = new URL(url.replace('@/', '@socket/'));
  const path = `${address.searchParams.get('host')}/.s.PGSQL.5432`;
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let atCommit: 'cut' | 'forget' | undefined;
  const server = createServer((client) => {
    const database = connect(path);
    for (const [one, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
      if (isFrozen) one.pause();
    }
    client.on('data', (sent: Buffer) => {
      if (atCommit === undefined || !sent.includes('COMMIT')) return;
      // The server commits, and nobody hears of it.
      database.unpipe(client);
      if (atCommit === 'cut') database.once('data', () => client.destroy());
      database.resume();
      atCommit = undefined;
    });
  });
  const port = await listen(server, onPort);
  const close = closeAfterwards(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return {
    url: `postgres://${address.username}@127.0.0.1:${port}${address.pathname}`,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    forget() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    cutAtCommit() {
      atCommit = 'cut';
    },
    forgetAtCommit() {
      atCommit = 'forget';
    },
    close,
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
