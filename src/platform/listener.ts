/** Receives notifications of PostgreSQL (LISTEN, NOTIFY), and reconnects when the connection is lost. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { withinLimit } from './time-limit.ts';

export interface Listener {
  close(): Promise<void>;
}

export interface ListenOptions {
  url: string;
  channel: string;
  onMessage: (message: string) => void;
  onError: (error: Error) => void;
}

const reconnectSeconds = 2;
const checkSeconds = 5;

/**
 * Calls `onMessage` for each notification. Those sent while the connection is lost are missed: `onMessage` gets an empty
 * message after each reconnection, and the caller must also look for changes from time to time.
 */
export async function listen({ url, channel, onMessage, onError }: ListenOptions): Promise<Listener> {
  let client: pg.Client | undefined;
  /** A connection that stays silent is given up: PostgreSQL sends nothing for hours when nothing changes. */
  const check = setInterval(() => {
    const checked = client;
    if (!checked) return;
    const close = () => (checked as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    withinLimit(checked.query('select 1'), checkSeconds * 1000, close).catch(onError);
  }, checkSeconds * 1000);
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: url,
      application_name: 'frontdesk',
      connectionTimeoutMillis: 4_000,
      keepAlive: true,
    });
    next.on('notification', ({ payload = '' }) => onMessage(payload));
    next.on('error', onError);
    next.on('end', () => {
      if (client === next) client = undefined;
      reconnectLater();
    });
    await next.connect();
    await withinLimit(next.query(`listen ${next.escapeIdentifier(channel)}`), checkSeconds * 1000);
    client = next;
  }

  function reconnectLater(): void {
    if (isClosed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      connect().then(
        () => onMessage(''),
        (error: Error) => {
          onError(error);
          reconnectLater();
        },
      );
    }, reconnectSeconds * 1000);
  }

  await connect();
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      clearInterval(check);
      if (client) await withinLimit(client.end(), checkSeconds * 1000).catch(onError);
    },
  };
}
