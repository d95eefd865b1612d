/** A TCP proxy between Frontdesk and its database that can delay, stop forwarding, close connections or lose a response. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeAfterwards } from './cleanup.ts';
import { parseDatabaseUrl } from './database.ts';
import { listen } from './listen.ts';

export interface DatabaseProxy {
  /** URL of the database through the proxy. */
  url: string;
  /** Stops forwarding in both directions; connections stay open. */
  freeze(): void;
  /** Stops forwarding for good on the open connections, which stay open, also what is delayed; new connections work. */
  silenceConnections(): void;
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
   * on it ('silence').
   *
   * @param texts parts of statements, such as `COMMIT`, that are sent in this order; the response to the last one is lost
   */
  loseResponse(how: 'cut' | 'silence', ...texts: string[]): void;
  /** Ends the connection as a server that shuts down, together with the response to a statement (as `loseResponse`). */
  endAfterResponse(...texts: string[]): void;
  /** Forwards again after `freeze`, including what came meanwhile. */
  thaw(): void;
  /** Closes all connections and accepts no new ones. */
  close(): Promise<void>;
}

/** A stream that delays its chunks, and keeps their order: timers of different lengths may fire in another one. */
function createDelay(milliseconds: () => number): Transform {
  let waiting = 0;
  let last = Promise.resolve();
  const runAfter = async (previous: Promise<void>, delay: number, task: () => void) => {
    waiting += 1;
    await Promise.all([previous, sleep(delay)]);
    waiting -= 1;
    task();
  };
  const inOrder = (task: () => void) => {
    const delay = milliseconds();
    if (delay === 0 && waiting === 0) task();
    else last = runAfter(last, delay, task);
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      inOrder(() => this.push(chunk));
      next();
    },
    flush: (done) => inOrder(done),
  });
}

const shutdownFields = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';
/** ErrorResponse of a server that shuts down (PostgreSQL, "Message Formats"): a type, the length, and fields. */
const shutdownMessage = Buffer.concat([
  Buffer.from('E'),
  Buffer.from(Uint32Array.of(shutdownFields.length + 4).buffer).swap32(),
  Buffer.from(shutdownFields),
]);

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
  let interruption: { how: 'cut' | 'silence' | 'shut-down'; texts: string[] } | undefined;
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
      const delayed = createDelay(() => delayMilliseconds);
      from.pipe(delayed).pipe(to);
      from.on('silence-all', () => {
        from.unpipe().pause();
        delayed.unpipe();
      });
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
      while (interruption && sent.includes(interruption.texts[0]!)) {
        const { how, texts } = interruption;
        texts.shift();
        if (texts.length > 0) continue;
        // The server executes the statement, but its response is not forwarded.
        database.unpipe();
        if (how === 'cut') database.once('data', () => client.destroy());
        if (how === 'shut-down') database.once('data', (data) => client.end(Buffer.concat([data, shutdownMessage])));
        database.resume();
        interruption = undefined;
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
    silenceConnections() {
      for (const socket of sockets) socket.emit('silence-all');
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
      interruption = { how, texts };
    },
    endAfterResponse(...texts) {
      interruption = { how: 'shut-down', texts };
    },
    close,
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
