/** Receives notifications of PostgreSQL (LISTEN, NOTIFY), and reconnects when the connection is lost. */
import pg from 'pg';

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

/**
 * Calls `onMessage` for each notification. Those sent while the connection is lost are missed: `onMessage` gets an empty
 * message after each reconnection, and the caller must also look for changes from time to time.
 */
export async function listen({ url, channel, onMessage, onError }: ListenOptions): Promise<Listener> {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: url,
      application_name: 'frontdesk',
      connectionTimeoutMillis: 5_000,
    });
    next.on('notification', ({ payload = '' }) => onMessage(payload));
    next.on('error', onError);
    next.on('end', reconnectLater);
    client = next;
    await next.connect();
    await next.query(`listen ${next.escapeIdentifier(channel)}`);
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
      await client?.end();
    },
  };
}
