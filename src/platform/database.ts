/** PostgreSQL: the pool, and the unit of work that every request, job and command runs in. */
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { listen, type Listener } from './listener.ts';
import { translateDatabaseError } from './database-errors.ts';
import type { Rows, Statement } from './statement.ts';
import { createUnitOfWork, type UnitOfWork } from './unit-of-work.ts';

export interface Database {
  /** Reads on the pool, or, once the unit of work has written, inside its transaction. */
  read<Row>(statement: Statement, values?: unknown[]): Promise<Row[]>;
  /** Writes, and waits for the row count that decides what happens next. */
  guard<Row>(statement: Statement, values?: unknown[]): Promise<Rows<Row>>;
  /** Writes without waiting: an error surfaces when the unit of work is committed. */
  write(statement: Statement, values?: unknown[]): void;
  /** Writes at once and for good, outside the transaction: it stays even if the unit of work is undone. */
  writeOutsideTransaction<Row>(statement: Statement, values?: unknown[]): Promise<Rows<Row>>;
  /** Runs `work` as one unit of work: committed when it returns, undone when it throws. Joins a running one. */
  inUnitOfWork<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work` in a new unit of work that the caller finishes by hand. */
  startUnitOfWork<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T>;
  /** The unit of work this code runs in, if any. */
  unitOfWork(): UnitOfWork | undefined;
  /** Whether the database answers at all. */
  isAnswering(): Promise<boolean>;
  close(): Promise<void>;
  /** The address this was opened with, for the libraries that open connections of their own. */
  readonly url: string;
  /** Calls back for each message on a channel, on a connection of its own. */
  listen(channel: string, hear: (message: string) => void): Promise<Listener>;
  /** For libraries that bring their own SQL (rate limits). */
  readonly pool: { query(...args: never[]): unknown };
}

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/name`; a socket's folder as `?host=`. */
  url: string;
  /** Most connections this process opens. */
  poolSize?: number;
  /** Hears of connections that broke while nobody used them. */
  onError?: (error: Error) => void;
}

// What may wait at most how long. Unset, pg and PostgreSQL wait for ever.
const limits = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 10_000,
  lock_timeout: 8_000,
  idle_in_transaction_session_timeout: 20_000,
};

/** A pool for a library that brings its own SQL and must not share connections with requests. */
export function openPool(url: string, size: number, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: size, application_name: 'frontdesk jobs' });
  return attachErrorListener(pool, onError);
}

/**
 * Each connection is listened to all its life, also between being used and being closed: an error that nobody hears
 * ends the process. What connections say while the pool is closed is no news.
 */
function attachErrorListener(pool: pg.Pool, onError: (error: Error) => void): pg.Pool {
  const hear = (error: Error) => {
    if (!pool.ending) onError(error);
  };
  return pool.on('error', hear).on('connect', (client) => client.on('error', hear));
}

const ping = { name: 'ping', text: 'select 1' };

export function openDatabase({ url, poolSize = 10, onError = () => {} }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    ...limits,
    max: poolSize,
    pipeline: true,
    application_name: 'frontdesk',
  });
  attachErrorListener(pool, onError);
  const units = new AsyncLocalStorage<UnitOfWork>();

  const onPool = async <Row>(statement: Statement, values: unknown[]): Promise<Rows<Row>> => {
    const { rows, rowCount } = await pool.query({ ...statement, values }).catch((error: Error) => {
      throw translateDatabaseError(error);
    });
    return { rows: rows as Row[], count: rowCount ?? 0 };
  };
  const unitFor = (statement: Statement): UnitOfWork => {
    const unit = units.getStore();
    if (!unit) throw new Error(`written outside a unit of work: ${statement.text.slice(0, 60)}`);
    return unit;
  };
  const startUnitOfWork = <T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> => {
    const unit = createUnitOfWork(() => pool.connect());
    return units.run(unit, () => work(unit));
  };

  return {
    url,
    pool,
    listen: (channel, hear) => listen({ url, channel, hear, onError }),
    unitOfWork: () => units.getStore(),
    startUnitOfWork,

    async read<Row>(statement: Statement, values: unknown[] = []) {
      const unit = units.getStore();
      const { rows } = unit?.isOpen() ? await unit.run<Row>(statement, values) : await onPool<Row>(statement, values);
      return rows;
    },
    guard: async (statement, values = []) => unitFor(statement).run(statement, values),
    write: (statement, values = []) => unitFor(statement).send(statement, values),
    async writeOutsideTransaction(statement, values = []) {
      // Inside an open transaction a second connection could wait for ever on a pool that is used up.
      const unit = units.getStore();
      return unit?.isOpen() ? unit.run(statement, values) : onPool(statement, values);
    },

    inUnitOfWork(work) {
      if (units.getStore()) return work();
      return startUnitOfWork(async (unit) => {
        try {
          const result = await work();
          await unit.commit();
          return result;
        } catch (error) {
          await unit.rollback();
          throw error;
        }
      });
    },

    async isAnswering() {
      try {
        await pool.query(ping);
        return true;
      } catch {
        // Whatever is wrong with it, the answer is the same: not now.
        return false;
      }
    },
    close: () => pool.end(),
  };
}
