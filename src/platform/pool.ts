/** Pools of connections, with the limits that pg and PostgreSQL need. */
import type pg from 'pg';
import { createPool, type SessionSettings } from './database-connection.ts';
import { translateDatabaseError } from './database-errors.ts';

// Without such limits, in milliseconds, pg and PostgreSQL wait for ever.
const requestLimits = {
  statement_timeout: 7_000,
  lock_timeout: 6_000,
  idle_in_transaction_session_timeout: 20_000,
};
const jobLimits = {
  statement_timeout: 60_000,
  lock_timeout: 30_000,
  idle_in_transaction_session_timeout: 60_000,
};
// Requests read few rows, by an index. PostgreSQL keeps the plan of a prepared statement: one that it made while the
// tables were small would read them as a whole when they have grown.
const requestPlans: SessionSettings = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

const connectionMilliseconds = { ofRequests: 4_000, ofJobs: 10_000 };
/** Added to `statement_timeout`: when this has passed too, the server does not respond at all. */
const silenceMilliseconds = 1_000;

interface DatabasePool {
  pool: pg.Pool;
  /** How long the result of a statement is waited for. */
  maxStatementMilliseconds: number;
}

interface PoolOptions {
  /** Maximum number of connections. */
  size: number;
  /** Called with a translated error (database-errors.ts) when a connection breaks. */
  onError: (error: Error) => void;
  /** Whether statements may take a minute. */
  isForJobs: boolean;
}

/** A pool for the statements of this program. */
export function openDatabasePool(url: string, { size, onError, isForJobs }: PoolOptions): DatabasePool {
  const limits = isForJobs ? jobLimits : requestLimits;
  const connectionTimeoutMillis = isForJobs ? connectionMilliseconds.ofJobs : connectionMilliseconds.ofRequests;
  const options = { max: size, connectionTimeoutMillis, pipeline: true, application_name: 'frontdesk' };
  const pool = createPool(url, options, isForJobs ? limits : { ...limits, ...requestPlans });
  attachErrorListener(pool, onError);
  return { pool, maxStatementMilliseconds: limits.statement_timeout + silenceMilliseconds };
}

// Limits for the pools of libraries, whose statements get no `statement_timeout`.
const libraryLimits = { connectionTimeoutMillis: connectionMilliseconds.ofJobs, query_timeout: 60_000 };

export type Pool = pg.Pool;

/** A pool for a library that has its own SQL, apart from the connections of requests. */
export function openPool(url: string, size: number, onError: (error: Error) => void): pg.Pool {
  const pool = createPool(url, { max: size, application_name: 'frontdesk jobs', ...libraryLimits });
  return attachErrorListener(pool, onError);
}

/**
 * Listens for errors on the pool and on each of its clients: an error event without a listener ends the process, and
 * the pool listens only to idle clients. Errors while the pool closes are ignored.
 */
function attachErrorListener(pool: pg.Pool, onError: (error: Error) => void): pg.Pool {
  const listener = (error: Error) => {
    if (!pool.ending) onError(translateDatabaseError(error));
  };
  return pool.on('error', listener).on('connect', (client) => client.on('error', listener));
}
