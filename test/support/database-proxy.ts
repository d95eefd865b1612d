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
  /**
   * Breaks or forgets a connection before the answer to a statement, which the server executes.
   *
   * @param texts parts of statements that are sent on it, one after the other, such as `COMMIT`; the last one counts
   */
  loseAnswer(how: 'cut' | 'forget', ...texts: string[]): void;
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
  let loss: { how: 'cut' | 'forget'; texts: string[] } | undefined;
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
      while (loss && sent.includes(loss.texts[0]!)) {
        loss.texts.shift();
        if (loss.texts.length > 0) continue;
        // The server executes it, and nobody hears of it.
        database.unpipe(client);
        if (loss.how === 'cut') database.once('data', () => client.destroy());
        database.resume();
        loss = undefined;
      }
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
    loseAnswer(how, ...texts) {
      loss = { how, texts };
    },
    close,
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
