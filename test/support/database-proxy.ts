/** A TCP proxy between Frontdesk and its database that can delay, stop forwarding, close connections or lose a response. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { closeAfterwards } from './cleanup.ts';
import { parseDatabaseUrl } from './database.ts';
import { listen } from './listen.ts';

export interface DatabaseProxy {
  /** URL of the database through the proxy. */
  url: string;
  /** Stops forwarding in both directions; connections stay open. */
  freeze(): void;
  /** Stops forwarding for good on the open connections, which stay open; new connections work. */
  forget(): void;
  /**
   * Stops forwarding on connections that receive notifications (LISTEN), also on those to come; they stay open.
   *
   * @returns a function that closes them, and forwards again on new ones
   */
  silenceListeners(): () => void;
  /** Closes all connections; new ones are accepted. */
  cut(): void;
  /** Closes one connection, chosen at random. */
  cutOne(): void;
  /** Delays everything by `milliseconds`, in each direction. */
  delay(milliseconds: number): void;
  /**
   * Loses the response to a statement, which the server executes: then closes the connection ('cut') or stops forwarding
   * on it ('forget').
   *
   * @param texts parts of statements, such as `COMMIT`, that are sent in this order; the response to the last one is lost
   */
  loseResponse(how: 'cut' | 'forget', ...texts: string[]): void;
  /** Forwards again after `freeze`, including what came meanwhile. */
  thaw(): void;
  /** Closes all connections and accepts no new ones. */
  close(): Promise<void>;
}

/** A stream that delays its chunks, and keeps their order. */
function createDelay(milliseconds: () => number): Transform {
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
 * Starts a proxy.
 *
 * @param url of a database on a Unix socket
 * @param listenPort a free port by default
 */
export async function startDatabaseProxy(url: string, listenPort?: number): Promise<DatabaseProxy> {
  const address = parseDatabaseUrl(url);
  const path = `${address.searchParams.get('host')}/.s.PGSQL.5432`;
  const sockets = new Set<Socket>();
  const listeners = new Set<Socket>();
  let isFrozen = false;
  let areListenersSilent = false;
  let delayMilliseconds = 0;
  let loss: { how: 'cut' | 'forget'; texts: string[] } | undefined;
  const server = createServer((client) => {
    const database = connect(path);
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        listeners.delete(from);
        to.destroy();
      });
      from.pipe(createDelay(() => delayMilliseconds)).pipe(to);
      if (isFrozen) from.pause();
    }
    const silence = () => {
      for (const socket of [client, database]) {
        socket.unpipe();
        socket.pause();
      }
    };
    client.on('data', (sent: Buffer) => {
      if (sent.includes('listen "')) {
        listeners.add(client.on('silence', silence));
        if (areListenersSilent) silence();
      }
      while (loss && sent.includes(loss.texts[0]!)) {
        loss.texts.shift();
        if (loss.texts.length > 0) continue;
        // The server executes the statement, but its response is not forwarded.
        database.unpipe();
        if (loss.how === 'cut') database.once('data', () => client.destroy());
        database.resume();
        loss = undefined;
      }
    });
  });
  const port = await listen(server, listenPort);
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
    silenceListeners() {
      areListenersSilent = true;
      for (const socket of listeners) socket.emit('silence');
      return () => {
        areListenersSilent = false;
        for (const socket of listeners) socket.destroy();
      };
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
    loseResponse(how, ...texts) {
      loss = { how, texts };
    },
    close,
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
