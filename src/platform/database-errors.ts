/** Errors of PostgreSQL and of its connections, by what a caller can do about them. */

/** Thrown when nothing of a unit of work was committed; `cause` says why. */
export class CommitFailed extends Error {
  override readonly name: string = 'CommitFailed';
}

/** Thrown when no response came to a COMMIT, or to a statement that commits by itself: it may have been done or not. */
export class CommitUncertain extends CommitFailed {
  override readonly name = 'CommitUncertain';
}

/** Thrown when a client sent a text that PostgreSQL cannot store, such as a text with U+0000: the client's error. */
export class TextNotStorable extends Error {
  override readonly name = 'TextNotStorable';
}

/**
 * Why the database did not run a statement. `busy`: a lock, a time-out, or a resource of the server that ran out;
 * `connections`: no connection was free, or the server takes no more; `conflict`: a concurrent transaction;
 * `read_only`: a standby, or a primary that was replaced by another (failover); `away`: the server cannot be reached,
 * starts or stops.
 */
export type DatabaseTrouble = 'busy' | 'connections' | 'conflict' | 'read_only' | 'away';

/** Thrown when the database is unavailable or overloaded. The same statement may succeed later. */
export class DatabaseBusy extends Error {
  override readonly name: string = 'DatabaseBusy';
  readonly trouble: DatabaseTrouble;

  constructor(trouble: DatabaseTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}

/** Thrown when PostgreSQL rolled a transaction back because of a concurrent one. It can be repeated at once. */
export class TransactionConflict extends DatabaseBusy {
  override readonly name: string = 'TransactionConflict';

  constructor(message: string, options?: ErrorOptions) {
    super('conflict', message, options);
  }
}

/** Thrown when a migration changed a table that a prepared statement of this connection reads. Another connection runs it. */
export class PlanOutdated extends TransactionConflict {
  override readonly name = 'PlanOutdated';
}

// character_not_in_repertoire and untranslatable_character.
const textCodes = /^(22021|22P05)$/;

/** SQLSTATE → what it means (PostgreSQL, Appendix A). */
const troubles: readonly [RegExp, DatabaseTrouble][] = [
  // serialization_failure, deadlock_detected
  [/^(40001|40P01)$/, 'conflict'],
  // read_only_sql_transaction
  [/^25006$/, 'read_only'],
  // too_many_connections
  [/^53300$/, 'connections'],
  // insufficient_resources, in_failed_sql_transaction, timeouts of transactions, lock_not_available, query_canceled
  [/^(53...|25P0[234]|55P03|57014)$/, 'busy'],
  // Connection exceptions, and a server that starts or stops.
  [/^(08...|57P0.)$/, 'away'],
];

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E');

/** Whether no connection of the pool was free in time. pg-pool has no code for this error. */
const isPoolTimeout = ({ message }: Error): boolean => message.startsWith('timeout exceeded when trying to connect');

/** Whether an error is a mistake of the program, such as a value that the driver cannot send. */
const isMistake = (error: Error): boolean => /^(Type|Range|Syntax|Reference)Error$/.test(error.name);

/** PostgreSQL reports feature_not_supported also for a prepared statement whose result has other columns now. */
const isPlanOutdated = (error: Error): boolean =>
  (error as { code?: string; routine?: string }).code === '0A000' &&
  (error as { routine?: string }).routine === 'RevalidateCachedQuery';

/** @returns undefined for an error that is a mistake of the program */
function findTrouble(error: Error): DatabaseTrouble | undefined {
  const { code = '' } = error as { code?: string };
  if (isSqlState(code)) return troubles.find(([pattern]) => pattern.test(code))?.[1];
  if (isPoolTimeout(error)) return 'connections';
  // An error without a SQLSTATE is one of the connection: of its socket, of TLS, or of the driver.
  return isMistake(error) ? undefined : 'away';
}

/** Whether a statement failed because of a unique constraint (SQLSTATE 23505). */
export const isUniqueViolation = (error: unknown): boolean => (error as { code?: string }).code === '23505';

/**
 * @returns TextNotStorable, TransactionConflict or DatabaseBusy; the error itself when it is a mistake of the program
 */
export function translateDatabaseError(error: Error): Error {
  const { code = '' } = error as { code?: string };
  // Every JSON value comes from JSON.stringify, so only a lone surrogate makes it invalid (RFC 8259 §8.2).
  const isLoneSurrogate = code === '22P02' && error.message === 'invalid input syntax for type json';
  if (textCodes.test(code) || isLoneSurrogate) return new TextNotStorable('the text cannot be stored');
  // The error was translated already.
  if (error instanceof DatabaseBusy || error instanceof TextNotStorable) return error;
  if (isPlanOutdated(error)) return new PlanOutdated(error.message, { cause: error });
  const trouble = findTrouble(error);
  if (trouble === undefined) return error;
  if (trouble === 'conflict') return new TransactionConflict(error.message, { cause: error });
  return new DatabaseBusy(trouble, error.message, { cause: error });
}

/** Whether the server responded with this error, so that the refused statement had no effect. */
export function isAnswerOfServer(error: Error): boolean {
  const { code = '' } = ((error.cause as Error | undefined) ?? error) as { code?: string };
  // Errors of class 08 and 57P0x end the connection, whatever the server was doing.
  return isSqlState(code) && !/^(08|57P0)/.test(code);
}

/** Whether the error says that the database did not run a statement, or may not have committed it. */
export const isDatabaseError = (error: unknown): boolean =>
  [DatabaseBusy, CommitFailed, TextNotStorable].some((kind) => error instanceof kind);

/** @returns why the database did not run a statement; undefined for an error of another kind */
export function databaseTroubleOf(error: unknown): DatabaseTrouble | undefined {
  const cause = error instanceof CommitFailed ? error.cause : error;
  return cause instanceof DatabaseBusy ? cause.trouble : undefined;
}
