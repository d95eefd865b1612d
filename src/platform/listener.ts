/** Receives notifications of PostgreSQL (LISTEN, NOTIFY), and reconnects when the connection is lost. */
import type { Socket } from 'node:net';
import type pg from 'pg';
import { createClient } from './database-connection.ts';
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
const probeSeconds = 5;

/**
 * Calls `onMessage` for each notification. Notifications sent while the connection is lost are missed: `onMessage` gets
 * an empty message after each reconnection, and the caller must also look for changes from time to time.
 */
export async function listen({ url, channel, onMessage, onError }: ListenOptions): Promise<Listener> {
  let client: pg.Client | undefined;
  /**
   * Probes the connection, and closes a broken one: without a probe it looks like a connection without notifications.
   */
  const probe = setInterval(() => {
    const probed = client;
    if (!probed) return;
    const close = () => (probed as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    withinLimit(probed.query('select 1'), probeSeconds * 1000, close).catch(onError);
  }, probeSeconds * 1000);
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function connect(): Promise<void> {
    const next = createClient(url, { application_name: 'frontdesk', connectionTimeoutMillis: 4_000 });
    next.on('notification', ({ payload = '' }) => onMessage(payload));
    next.on('error', onError);
    next.on('end', () => {
      if (client === next) client = undefined;
      reconnectLater();
    });
    await next.connect();
    await withinLimit(next.query(`listen ${next.escapeIdentifier(channel)}`), probeSeconds * 1000);
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
      clearInterval(probe);
      if (client) await withinLimit(client.end(), probeSeconds * 1000).catch(onError);
    },
  };
}
