/** Finds out whether a pooler such as pgbouncer gives the statements of one connection to several sessions. */
import type pg from 'pg';
import { createClient } from './database-connection.ts';
import { translateDatabaseError } from './database-errors.ts';
import { withinLimit } from './time-limit.ts';

const maxMilliseconds = 4_000;
// More than one of each, because other processes may use the pooler at the same time.
const transactions = 2;
const statementsPerTransaction = 10;

const pidOf = async (client: pg.Client, before = ''): Promise<number> => {
  const text = `${before}select pg_backend_pid() as pid`;
  const result: unknown = await withinLimit(client.query(text), maxMilliseconds);
  // Two statements have two results.
  const { rows } = [result].flat().at(-1) as pg.QueryResult<{ pid: number }>;
  return rows[0]!.pid;
};

/** Whether there is no pooler: the connection was told the process id of its session, which a pooler does not know. */
const isDirect = (client: pg.Client, pid: number) => (client as unknown as { processID: number }).processID === pid;

/**
 * In transaction mode a pooler lends a session to a connection for one transaction only. Settings, LISTEN, locks of a
 * session and prepared statements are then lost, or those of another connection.
 *
 * In session mode an idle connection keeps its session. In transaction mode, once other connections begin transactions,
 * one of them gets that session, or the idle connection gets another one.
 *
 * @returns whether connections share sessions
 * @throws DatabaseBusy
 */
export async function sharesSessions(url: string): Promise<boolean> {
  const clients: pg.Client[] = [];
  const open = async () => {
    const options = { application_name: 'frontdesk', connectionTimeoutMillis: maxMilliseconds };
    const client = createClient(url, options);
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    return client;
  };
  try {
    const idle = await open();
    const pid = await pidOf(idle);
    if (isDirect(idle, pid)) return false;
    for (let count = 0; count < transactions; count += 1) {
      const other = await open();
      // In statement mode, where each statement may get another session, pgbouncer refuses to begin.
      const otherPid = await pidOf(other, 'begin; ').catch((error: { code?: string }) => {
        if (error.code === '08P01') return pid;
        throw error;
      });
      if (otherPid === pid) return true;
      for (let sent = 0; sent < statementsPerTransaction; sent += 1) if ((await pidOf(idle)) !== pid) return true;
    }
    return false;
  } catch (error) {
    throw translateDatabaseError(error as Error);
  } finally {
    await Promise.all(clients.map((client) => withinLimit(client.end(), maxMilliseconds).catch(() => {})));
  }
}
