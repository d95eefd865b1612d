/** One request, one transaction: opened by the first write, committed before the answer leaves. */
import { CommitFailed, translateDatabaseError } from './database-errors.ts';
import type { Rows, Statement } from './statement.ts';

/** The part of a pg client that a unit of work needs. */
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
  /** Whether something was written, so that reads must see it. */
  isOpen(): boolean;
  /** Runs a statement in the transaction, opening it if need be. */
  run<Row>(statement: Statement, values: unknown[]): Promise<Rows<Row>>;
  /** Sends a statement in the transaction and does not wait for its result. */
  send(statement: Statement, values: unknown[]): void;
  /** @throws CommitFailed when anything that was sent failed, or the server rolled back */
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Asks that an answer of 400 or more undoes what was written (RFC 6749: the request had no effect). */
  undoOnRefusal(): void;
  /** Takes that back: what was written since is meant to stay, even beside a refusal. */
  keepOnRefusal(): void;
  /** Whether an answer of this status lets what was written stay. */
  mayCommit(status: number): boolean;
}

export function createUnitOfWork(connect: () => Promise<Connection>): UnitOfWork {
  let opening: Promise<Connection> | undefined;
  let finished = false;
  let undo = false;
  let failure: Error | undefined;
  const unsettled: Promise<unknown>[] = [];

  const fail = (error: Error) => {
    failure ??= error;
  };

  async function open(): Promise<Connection> {
    const connection = await connect();
    connection.on('error', fail);
    // Not awaited: in pipeline mode the statements that follow are sent right behind it.
    void connection.query('BEGIN').catch(fail);
    return connection;
  }

  async function submit<Row>({ name, text }: Statement, values: unknown[]): Promise<Rows<Row>> {
    if (finished) throw new Error(`the unit of work is closed: ${text.slice(0, 60)}`);
    opening ??= open();
    const sent = opening
      .then((connection) => connection.query({ name, text, values }))
      .catch((error: Error) => {
        // After one failed statement PostgreSQL refuses the rest: what matters is the first.
        throw failure ?? translateDatabaseError(error);
      });
    sent.catch(fail);
    unsettled.push(sent);
    const { rows, rowCount } = await sent;
    return { rows: rows as Row[], count: rowCount ?? 0 };
  }

  async function finish(statement: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (finished) return;
    finished = true;
    if (!opening) return;
    let connection: Connection;
    try {
      connection = await opening;
    } catch (error) {
      if (statement === 'ROLLBACK') return;
      throw new CommitFailed('no database connection', { cause: error });
    }
    const ending = connection.query(statement);
    const [outcome] = await Promise.allSettled([ending, ...unsettled]);
    connection.off('error', fail);
    // A connection whose transaction did not end in the normal way is not given to anybody else.
    connection.release(outcome.status === 'rejected');
    if (statement === 'ROLLBACK') return;
    if (outcome.status === 'rejected') throw new CommitFailed('not committed', { cause: outcome.reason });
    // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.
    if (failure || outcome.value.command !== 'COMMIT') throw new CommitFailed('rolled back', { cause: failure });
  }

  return {
    isOpen: () => opening !== undefined,
    run: submit,
    send: (statement, values) => void submit(statement, values).catch(fail),
    commit: () => finish('COMMIT'),
    rollback: () => finish('ROLLBACK'),
    undoOnRefusal: () => {
      undo = true;
    },
    keepOnRefusal: () => {
      undo = false;
    },
    // A statement that failed unseen is the commit's to find: it must become an error, not an answer that looks right.
    mayCommit: (status) => status < 500 && !(undo && status >= 400),
  };
}
