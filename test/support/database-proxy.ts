/** A TCP proxy between Frontdesk and its database that can delay, stop forwarding, reset connections or lose an answer. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { closeAfterwards } from './cleanup.ts';
import { listen } from './listen.ts';

export interface DatabaseProxy {
  /** The address of the database through the proxy. */
  url: string;
  /** Stops forwarding in both directions; connections stay open. */
  freeze(): void;
  /** Stops forwarding for good on the open connections, which stay open; new connections work. */
  forget(): void;
  /** Closes all connections; new ones are accepted. */
  cut(): void;
  /** Closes one connection, chosen at random. */
  cutOne(): void;
  /** Forwards everything so many milliseconds later, in both directions. */
  delay(milliseconds: number): void;
  /**
   * Closes a connection ('cut') or stops forwarding on it ('forget') before the answer to a statement that the server
   * executes.
   *
   * @param texts parts of statements, such as `COMMIT`, that are sent in this order; the answer to the last one is lost
   */
  loseAnswer(how: 'cut' | 'forget', ...texts: string[]): void;
  /** Forwards again after `freeze`, beginning with what was held back. */
  thaw(): void;
  /** Closes all connections and accepts no new ones. */
  close(): Promise<void>;
}

/** Forwards everything, later. */
function createDelayLine(milliseconds: () => number): Transform {
  let lastDue = 0;
  const wait = (done: () => void) => {
    lastDue = Math.max(performance.now() + milliseconds(), lastDue);
    if (lastDue > performance.now()) setTimeout(done, lastDue - performance.now());
    else done();
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      wait(() => this.push(chunk));
      next();
    },
    flush: (done) => wait(done),
  });
}

/**
 * @param url of a database on a Unix socket
 * @param onPort that the proxy listens on; a free port when left out
 */
export async function startDatabaseProxy(url: string, onPort?: number): Promise<DatabaseProxy> {
  const address = new URL(url.replace('@/', '@socket/'));
  const path = `${address.searchParams.get('host')}/.s.PGSQL.5432`;
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let delayMilliseconds = 0;
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
      one.pipe(createDelayLine(() => delayMilliseconds)).pipe(other);
      if (isFrozen) one.pause();
    }
    client.on('data', (sent: Buffer) => {
      while (loss && sent.includes(loss.texts[0]!)) {
        loss.texts.shift();
        if (loss.texts.length > 0) continue;
        // The server executes the statement, but its answer is not forwarded.
        database.unpipe();
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
    cutOne() {
      [...sockets][randomInt(Math.max(1, sockets.size))]?.destroy();
    },
    delay(milliseconds) {
      delayMilliseconds = milliseconds;
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
