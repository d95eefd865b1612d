/** Opens connections to PostgreSQL, with the TLS that the database URL asks for. */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import pg from 'pg';
import { openDatabaseSocket } from './database-socket.ts';
import { parseDatabaseUrl, type TlsAttempt } from './database-url.ts';

/** The members of pg's Connection that its types leave out. */
interface ConnectionOfDriver extends EventEmitter {
  stream: Socket;
  ssl: TlsAttempt;
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
}
const DriverConnection = pg.Connection as unknown as new (options: object) => ConnectionOfDriver;

interface AttemptError extends Error {
  code?: string;
  address?: string;
  hostname?: string;
  path?: string;
  port?: number;
}

/** Whether the server has no TLS: it refused the SSLRequest, or its response was something else. */
const lacksTls = ({ message }: Error) => /does not support SSL|error establishing an SSL/.test(message);

/** Whether the time-out of the driver has passed, so that no time is left for another attempt. */
const isTimeout = ({ message }: Error) => message === 'timeout expired';

/** `pg_hba.conf` has no rule for a connection with, or without, TLS; pgbouncer sends 08P01 then. */
const isRefusalOfServer = ({ code }: AttemptError) => code === '28000' || code === '08P01';

/**
 * Connects in the first way of `attempts` (with TLS or without), and in the next one when that fails before the server
 * has accepted the user. The driver itself knows one way only.
 */
class NegotiatingConnection extends DriverConnection {
  readonly #attempts: TlsAttempt[];
  readonly #failed: { withTls: boolean; error: AttemptError }[] = [];
  #port: number | string = '';
  #host: string | undefined;
  #socket: Socket | undefined;
  /** Whether the server was reached. A failure before that has nothing to do with TLS. */
  #isReached = false;
  /** Whether the server has responded to the startup message. */
  #hasResponded = false;
  #isAccepted = false;

  constructor(attempts: readonly TlsAttempt[], options: object) {
    super({ ...options, stream: openDatabaseSocket() });
    this.#attempts = [...attempts];
  }

  override connect(port: number | string, host?: string): void {
    [this.#port, this.#host] = [port, host];
    this.#isReached = false;
    this.#hasResponded = false;
    this.ssl = this.#attempts.shift() ?? false;
    this.#socket = this.stream;
    super.connect(port, host);
  }

  /** Replaces the events of a failed attempt by the next one. */
  override emit(event: string, ...args: unknown[]): boolean {
    if (this.#isAccepted) return super.emit(event, ...args);
    if (event === 'connect') {
      this.#isReached = true;
      // The client would send its startup message after this event, but must wait for `sslconnect`.
      if (this.ssl) {
        this.requestSsl();
        return true;
      }
    }
    if (event.startsWith('authentication') || event === 'errorMessage') this.#hasResponded = true;
    if (event === 'authenticationOk') this.#isAccepted = true;
    if (event === 'end') {
      super.emit('error', this.#withAddress(new Error('Connection terminated unexpectedly')));
    }
    if (event !== 'error' && event !== 'errorMessage') return super.emit(event, ...args);

    const error = args[0] as AttemptError;
    const isTlsFailure = event === 'error' && this.ssl !== false && !this.#hasResponded;
    const isRetryable = this.#isReached && !isTimeout(error) && (isTlsFailure || isRefusalOfServer(error));
    if (!isRetryable) return super.emit(event, this.#withAddress(this.#errorToReport(error)));
    this.#failed.push({ withTls: this.ssl !== false, error });
    if (this.#attempts.length === 0) return super.emit(event, this.#withAddress(this.#errorToReport(error)));
    this.#closeStream();
    this.connect(this.#port, this.#host);
    return true;
  }

  /** After attempts with and without TLS: the error of TLS, unless the server has no TLS. Otherwise the last error. */
  #errorToReport(last: AttemptError): AttemptError {
    const tlsError = this.#failed.find(({ withTls }) => withTls)?.error;
    const plainError = this.#failed.find(({ withTls }) => !withTls)?.error;
    return tlsError && plainError ? (lacksTls(tlsError) ? plainError : tlsError) : last;
  }

  /** Adds the address of the server to an error that names none. */
  #withAddress(error: AttemptError): AttemptError {
    if (error.address ?? error.hostname ?? error.path) return error;
    const address = this.#host === undefined ? { address: String(this.#port) } : { address: this.#host };
    return Object.assign(error, address, typeof this.#port === 'number' ? { port: this.#port } : {});
  }

  /** Closes the stream of a failed attempt, and ignores its further events. */
  #closeStream(): void {
    // With TLS, one stream is on top of the other.
    for (const stream of new Set([this.stream, this.#socket!])) {
      for (const event of ['close', 'data', 'error']) stream.removeAllListeners(event);
      stream.on('error', () => {}).destroy();
    }
    this.stream = openDatabaseSocket();
  }
}

/** How to open connections by a database URL: options for a client or a pool of the driver. @throws DatabaseUrlInvalid */
function connectionOptions(databaseUrl: string): pg.PoolConfig {
  const { url, attempts } = parseDatabaseUrl(databaseUrl);
  class Client extends pg.Client {
    constructor(options: pg.ClientConfig = {}) {
      const connection = new NegotiatingConnection(attempts, options);
      super({ ...options, ssl: false, connection } as pg.ClientConfig);
    }
  }
  return { connectionString: url, Client };
}

const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

/** Settings of PostgreSQL for one connection: name → value. Times are in milliseconds, those of keep-alives in seconds. */
export type SessionSettings = Readonly<Record<string, number | 'on' | 'off'>>;

/**
 * A connection that the network has lost is closed by the server too, after 25 s. By default it keeps one of its
 * `max_connections` for two hours, and a few interruptions use them all up.
 */
const keepAliveOfServer: SessionSettings = {
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 25_000,
};

/** The statements that change settings. pgbouncer refuses them as startup parameters. */
export const settingsText = (settings: SessionSettings = {}): string =>
  Object.entries({ ...keepAliveOfServer, ...settings })
    .map(([name, value]) => `set ${name} = ${value}`)
    .join('; ');

/**
 * @param settings are set by the first statement of each connection, after those that every connection has
 * @throws DatabaseUrlInvalid
 */
export function createPool(
  url: string,
  options: pg.PoolConfig & { pipeline?: boolean },
  settings?: SessionSettings,
): pg.Pool {
  const text = settingsText(settings);
  const all = { ...keepAlive, ...options, ...connectionOptions(url) };
  if (options.pipeline !== true) return new pg.Pool({ ...all, onConnect: (client) => client.query(text) });
  // Not awaited: in pipeline mode the next statements follow at once. Its only error is that the connection broke.
  return new pg.Pool(all).on('connect', (client) => void client.query(text).catch(() => {}));
}

/** @throws DatabaseUrlInvalid */
export function createClient(url: string, options: pg.ClientConfig): pg.Client {
  const { Client, ...address } = connectionOptions(url);
  return new (Client as unknown as typeof pg.Client)({ ...keepAlive, ...options, ...address });
}
