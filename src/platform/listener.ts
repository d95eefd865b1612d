/** Hears what other processes say through PostgreSQL (LISTEN, NOTIFY), and goes on hearing after a lost connection. */
import pg from 'pg';

export interface Listener {
  close(): Promise<void>;
}

export interface ListenOptions {
  url: string;
  /** A name of the program's own; never from outside. */
  channel: string;
  hear: (message: string) => void;
  onError: (error: Error) => void;
}

const againSeconds = 2;

/**
 * What is said while the connection is lost is not heard: whoever listens must look for itself now and then. After a
 * reconnection `hear` is called with an empty message, so that it looks at once.
 */
export async function listen({ url, channel, hear, onError }: ListenOptions): Promise<Listener> {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: url,
      application_name: 'frontdesk',
      connectionTimeoutMillis: 5_000,
    });
    next.on('notification', ({ payload = '' }) => hear(payload));
    next.on('error', onError);
    next.on('end', later);
    client = next;
    await next.connect();
    await next.query(`listen ${next.escapeIdentifier(channel)}`);
  }

  function later(): void {
    if (isClosed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      connect().then(
        () => hear(''),
        (error: Error) => {
          onError(error);
          later();
        },
      );
    }, againSeconds * 1000);
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
