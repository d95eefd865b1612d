/** PostgreSQL: the connection pool, and statements that run in the caller's unit of work. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { createConnections } from './connections.ts';
import {
  CommitUncertain,
  DatabaseBusy,
  isAnswerOfServer,
  PlanOutdated,
  translateDatabaseError,
} from './database-errors.ts';
import { listen, type Listener } from './listener.ts';
import { openDatabasePool } from './pool.ts';
import { createRowCache, type RowCache } from './row-cache.ts';
import type { Rows, Statement } from './statement.ts';
import { followConnections } from './silent-connections.ts';
import { withinLimit } from './time-limit.ts';
import { createUnitOfWork, type UnitOfWork } from './unit-of-work.ts';

export interface Database {
  /** Runs a query: in the transaction once the unit of work has written, else on any connection of the pool. */
  read<Row>(statement: Statement, values?: unknown[]): Promise<Row[]>;
  /** Runs a statement in the transaction and waits for its result, which decides what happens next. */
  guard<Row>(statement: Statement, values?: unknown[]): Promise<Rows<Row>>;
  /** Sends a statement in the transaction without waiting, or alone at the end. When it fails, the commit fails. */
  write(statement: Statement, values?: unknown[]): void;
  /**
   * Runs a statement that commits by itself, so that a rollback of the unit of work does not undo it. When the
   * transaction is open already, the statement is part of it.
   *
   * @throws CommitUncertain when no response came
   */
  writeOutsideTransaction<Row>(statement: Statement, values?: unknown[]): Promise<Rows<Row>>;
  /** Runs `work` in one transaction: committed when it returns, rolled back when it throws. Joins an outer one. */
  inUnitOfWork<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work` in a new unit of work that `work` must commit or roll back.
   *
   * @param maxMilliseconds after this its statements fail with DatabaseBusy; no limit by default
   */
  startUnitOfWork<T>(work: (unit: UnitOfWork) => Promise<T>, maxMilliseconds?: number): Promise<T>;
  /** The unit of work of the caller; undefined when there is none. */
  unitOfWork(): UnitOfWork | undefined;
  /** The time of the database's clock, in milliseconds since 1970-01-01 UTC. */
  readClock(): Promise<number>;
  /** Whether the database responds and accepts writes. Never throws. */
  isResponding(): Promise<boolean>;
  close(): Promise<void>;
  /** The connection string, for libraries that open their own connections. */
  readonly url: string;
  /**
   * Receives the notifications of changes, on a connection of its own. Until the listener is closed, rows are cached.
   *
   * @param onChange called when a table without notifications of single rows has changed, or may have
   */
  followChanges(onChange: () => void): Promise<Listener>;
  /** Caches rows while `followChanges` receives notifications. */
  readonly cache: RowCache;
}

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/name`; the folder of a Unix socket as `?host=`. */
  url: string;
  /** Maximum number of connections; 10 by default. */
  poolSize?: number;
  /** Called with a translated error (database-errors.ts) when a connection breaks. */
  onError?: (error: Error) => void;
  /** Whether jobs or commands use the connections: their statements may take a minute. */
  isForJobs?: boolean;
}

const maxCloseMilliseconds = 3_000;
const maxPingMilliseconds = 3_000;

/** The channels of the triggers (migrations/0011-policy.sql, 0041-tell-changed-rows.sql). */
const channels = { tables: 'frontdesk', rows: 'frontdesk_rows' };

// A standby responds too, but accepts no writes.
const ping = { name: 'ping', text: "select current_setting('transaction_read_only') = 'off' as is_writable" };

const clock = { name: 'clock', text: 'select clock_timestamp() as now' };

export function openDatabase(options: DatabaseOptions): Database {
  const { url, poolSize = 10, onError = () => {}, isForJobs = false } = options;
  const { pool, maxStatementMilliseconds } = openDatabasePool(url, { size: poolSize, onError, isForJobs });
  const units = new AsyncLocalStorage<UnitOfWork>();

  const connect = createConnections(pool);
  const noteConnections = followConnections(pool);
  let listener: Listener | undefined;
  const cache = createRowCache({
    isCurrent: () => listener?.isCurrent() === true,
    unitOfWork: () => units.getStore(),
  });

  /**
   * Runs a statement on a connection of the pool, which is closed when it does not respond.
   *
   * @param milliseconds to wait for the connection, and then for the response
   */
  async function query(statement: object, milliseconds: () => number, isWrite = false): Promise<pg.QueryResult> {
    const client = await connect(milliseconds()).catch((error: Error) => {
      throw translateDatabaseError(error);
    });
    try {
      const result = await withinLimit(client.query(statement as pg.QueryConfig), milliseconds());
      client.release();
      return result;
    } catch (cause) {
      const error = translateDatabaseError(cause as Error);
      const isAnswer = isAnswerOfServer(error);
      client.release(isAnswer && !(error instanceof PlanOutdated) ? undefined : error);
      const isLost = isWrite && !isAnswer && error instanceof DatabaseBusy;
      throw isLost ? new CommitUncertain('no response', { cause: error }) : error;
    }
  }
  async function onPool<Row>(statement: Statement, values: unknown[], isWrite = false): Promise<Rows<Row>> {
    const milliseconds = () =>
      Math.min(maxStatementMilliseconds, units.getStore()?.remainingMilliseconds() ?? Infinity);
    const run = () => query({ ...statement, values }, milliseconds, isWrite);
    // The statement was refused without effect: it is repeated on a new connection.
    const { rows, rowCount } = await run().catch((error: unknown) => {
      if (error instanceof PlanOutdated) return run();
      throw error;
    });
    return { rows: rows as Row[], count: rowCount ?? 0 };
  }
  const unitFor = (statement: Statement): UnitOfWork => {
    const unit = units.getStore();
    if (!unit) throw new Error(`write outside of a unit of work: ${statement.text.slice(0, 60)}`);
    return unit;
  };
  const startUnitOfWork = <T>(work: (unit: UnitOfWork) => Promise<T>, maxMilliseconds = Infinity): Promise<T> => {
    const runAlone = (statement: Statement, values: unknown[]) => onPool(statement, values, true);
    const unit = createUnitOfWork(connect, { maxMilliseconds, maxStatementMilliseconds, runAlone });
    return units.run(unit, () => work(unit));
  };

  return {
    url,
    cache,
    async followChanges(onChange) {
      listener = await listen({
        url,
        channels: Object.values(channels),
        onMessage(channel, message) {
          const [table, ...key] = message.split(' ');
          cache.drop(table!, key.length > 0 ? key.join(' ') : undefined);
          if (channel === channels.tables) onChange();
        },
        onGap() {
          cache.clear();
          onChange();
        },
        onProbe: noteConnections,
        onError: (error) => onError(translateDatabaseError(error)),
      });
      return listener;
    },
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
      // An open transaction holds a connection. If all holders waited for a second one, they would wait for ever.
      const unit = units.getStore();
      return unit?.isOpen() ? unit.run(statement, values) : onPool(statement, values, true);
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

    async readClock() {
      const { rows } = await onPool<{ now: Date }>(clock, []);
      return rows[0]!.now.getTime();
    },

    async isResponding() {
      try {
        const { rows } = await query(ping, () => maxPingMilliseconds);
        return (rows[0] as { is_writable: boolean }).is_writable;
      } catch {
        // After any error the database counts as not responding.
        return false;
      }
    },
    // A connection that does not respond would never close.
    close: () => withinLimit(pool.end(), maxCloseMilliseconds).catch(() => {}),
  };
}
