/**
 * The transaction of one request, job or command: opened by the first write, ended before the response. A write that
 * stays the only statement needs no transaction: it is sent at the end, and commits by itself.
 */
import {
  CommitFailed,
  CommitUncertain,
  isAnswerOfServer,
  PlanOutdated,
  translateDatabaseError,
} from './database-errors.ts';
import type { Rows, Statement } from './statement.ts';
import { DatabaseSilent, withinLimit } from './time-limit.ts';

/** The members of a pg client that a unit of work uses. */
interface Connection {
  query(query: string | { name: string; text: string; values: unknown[] }): Promise<{
    rows: unknown[];
    rowCount: number | null;
    command: string;
  }>;
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

export interface UnitOfWork {
  /** Whether something was written, so that reads must run in the transaction. */
  isOpen(): boolean;
  /** Runs a statement in the transaction, and opens it first if it is not open. */
  run<Row>(statement: Statement, values: unknown[]): Promise<Rows<Row>>;
  /** Sends a statement in the transaction without waiting for its result. The first one waits for the next, or the end. */
  send(statement: Statement, values: unknown[]): void;
  /** Time left until the limit of the unit of work; Infinity without a limit. */
  remainingMilliseconds(): number;
  /**
   * @throws CommitFailed when a statement failed or PostgreSQL rolled back
   * @throws CommitUncertain when no response came
   */
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Calls back once the unit of work has ended, committed or not. */
  onEnd(callback: () => void): void;
  /** From now on a response with status 400 or more rolls the transaction back: a refused request has no effect. */
  rollBackOnRefusal(): void;
  /**
   * Undoes `rollBackOnRefusal`: from now on a response with a status below 500 commits the transaction. The default.
   */
  commitOnRefusal(): void;
  /** Whether the transaction is to be committed for a response with this status. */
  mayCommit(status: number): boolean;
}

export interface UnitOfWorkOptions {
  maxMilliseconds: number;
  maxStatementMilliseconds: number;
  /**
   * Runs a statement that commits by itself.
   *
   * @throws CommitUncertain when no response came; any other error when the statement had no effect
   */
  runAlone: (statement: Statement, values: unknown[]) => Promise<unknown>;
}

const minEndingMilliseconds = 1_000;

export function createUnitOfWork(
  connect: (maxMilliseconds: number) => Promise<Connection>,
  { maxMilliseconds, maxStatementMilliseconds, runAlone }: UnitOfWorkOptions,
): UnitOfWork {
  const startedAt = performance.now();
  const remaining = () => maxMilliseconds - (performance.now() - startedAt);
  const limit = () => Math.min(maxStatementMilliseconds, remaining());
  /** COMMIT gets a second even when the time is over, so that what was committed is reported as committed. */
  const endingLimit = () => Math.max(minEndingMilliseconds, limit());
  let opening: Promise<Connection> | undefined;
  /** The first write, while no other statement has followed it. */
  let onlyWrite: { statement: Statement; values: unknown[] } | undefined;
  let isFinished = false;
  let rollsBackOnRefusal = false;
  let failure: Error | undefined;
  /** Whether no commit can succeed: the server refused a statement, or the connection broke before COMMIT was sent. */
  let isDoomed = false;
  const statements: Promise<unknown>[] = [];
  const endCallbacks: (() => void)[] = [];

  const fail = (error: Error) => {
    isDoomed ||= !isFinished || isAnswerOfServer(error);
    failure ??= translateDatabaseError(error);
  };

  /** Once COMMIT is sent, its own response says whether it was done, even if the server ends the connection after it. */
  const onConnectionError = (error: Error) => {
    if (!isFinished) fail(error);
  };

  async function open(): Promise<Connection> {
    const connection = await connect(limit());
    connection.on('error', onConnectionError);
    // BEGIN is not awaited: in pipeline mode the next statements follow at once.
    void connection.query('BEGIN').catch(fail);
    return connection;
  }

  async function submit<Row>({ name, text }: Statement, values: unknown[]): Promise<Rows<Row>> {
    if (isFinished) throw new Error(`the unit of work is closed: ${text.slice(0, 60)}`);
    opening ??= open();
    sendOnlyWrite();
    const sent = opening
      .then((connection) => withinLimit(connection.query({ name, text, values }), limit()))
      .catch((error: Error) => {
        // PostgreSQL refuses all statements after a failed one, so the first error is the cause.
        fail(error);
        throw failure!;
      });
    statements.push(sent);
    const { rows, rowCount } = await sent;
    return { rows: rows as Row[], count: rowCount ?? 0 };
  }

  /** Sends the write that is not the only statement any more. */
  function sendOnlyWrite(): void {
    if (!onlyWrite) return;
    const { statement, values } = onlyWrite;
    onlyWrite = undefined;
    void submit(statement, values).catch(fail);
  }

  function send(statement: Statement, values: unknown[]): void {
    if (opening || onlyWrite || isFinished) void submit(statement, values).catch(fail);
    else onlyWrite = { statement, values };
  }

  async function commitOnlyWrite({ statement, values }: NonNullable<typeof onlyWrite>): Promise<void> {
    try {
      await runAlone(statement, values);
    } catch (error) {
      if (error instanceof CommitUncertain) throw error;
      throw new CommitFailed('not committed', { cause: translateDatabaseError(error as Error) });
    }
  }

  async function finish(statement: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (isFinished) return;
    isFinished = true;
    try {
      if (!onlyWrite) await end(statement);
      else if (statement === 'COMMIT') await commitOnlyWrite(onlyWrite);
    } finally {
      for (const callback of endCallbacks) callback();
    }
  }

  async function end(statement: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (!opening) return;
    let connection: Connection;
    try {
      connection = await opening;
    } catch (error) {
      if (statement === 'ROLLBACK') return;
      throw new CommitFailed('no database connection', { cause: translateDatabaseError(error as Error) });
    }
    if (failure instanceof DatabaseSilent) {
      // PostgreSQL rolls back when the connection is closed.
      connection.off('error', onConnectionError);
      connection.release(failure);
      if (statement === 'COMMIT') throw new CommitFailed('not committed', { cause: failure });
      return;
    }
    const ending = withinLimit(connection.query(statement), endingLimit());
    const [outcome] = await Promise.allSettled([ending, ...statements]);
    connection.off('error', onConnectionError);
    // A connection is closed, not used again, when its transaction did not end or its statements stay refused.
    const isOutdated = failure instanceof PlanOutdated;
    connection.release(outcome.status === 'rejected' ? (outcome.reason as Error) : isOutdated ? failure : undefined);
    if (statement === 'ROLLBACK') return;
    if (outcome.status === 'rejected') throw commitError(outcome.reason as Error);
    // PostgreSQL responds to COMMIT of a failed transaction with ROLLBACK and no error.
    if (failure || outcome.value.command !== 'COMMIT') throw new CommitFailed('rolled back', { cause: failure });
  }

  /** When COMMIT gets no response, the outcome is known only if no commit could succeed. */
  function commitError(error: Error): CommitFailed {
    const cause = translateDatabaseError(error);
    const isCertain = isDoomed || isAnswerOfServer(error);
    return isCertain ? new CommitFailed('not committed', { cause }) : new CommitUncertain('no response', { cause });
  }

  return {
    isOpen: () => opening !== undefined || onlyWrite !== undefined,
    run: submit,
    remainingMilliseconds: remaining,
    send,
    commit: () => finish('COMMIT'),
    rollback: () => finish('ROLLBACK'),
    onEnd: (callback) => void endCallbacks.push(callback),
    rollBackOnRefusal: () => {
      rollsBackOnRefusal = true;
    },
    commitOnRefusal: () => {
      rollsBackOnRefusal = false;
    },
    // A failed statement does not count here: the commit then throws, so the response becomes an error.
    mayCommit: (status) => status < 500 && !(rollsBackOnRefusal && status >= 400),
  };
}
