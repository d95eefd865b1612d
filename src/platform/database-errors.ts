/** Errors of PostgreSQL, by what a caller can do about them. */

/** Nothing of a unit of work was committed; `cause` says why. */
export class CommitFailed extends Error {
  override readonly name: string = 'CommitFailed';
}

/** The connection broke while a transaction was committed: it may have been, or not. */
export class CommitUncertain extends CommitFailed {
  override readonly name = 'CommitUncertain';
}

/** The client's error: it sent a text that PostgreSQL cannot store, such as one with U+0000. */
export class TextNotStorable extends Error {
  override readonly name = 'TextNotStorable';
}

/** The database is unavailable or overloaded. The same statement may succeed later. */
export class DatabaseBusy extends Error {
  override readonly name: string = 'DatabaseBusy';
}

/** PostgreSQL rolled this transaction back because of a concurrent one. It can be repeated at once. */
export class TransactionConflict extends DatabaseBusy {
  override readonly name = 'TransactionConflict';
}

// character_not_in_repertoire and untranslatable_character.
const textCodes = /^(22021|22P05)$/;

// serialization_failure and deadlock_detected.
const conflictCodes = /^(40001|40P01)$/;

// Connection exceptions, a read-only server (after a failover), a transaction that failed before, too many connections,
// timeouts of locks and statements, shutdown; and the codes of Node for sockets.
const busyCodes = /^(08...|25006|25P02|53...|55P03|57014|57P0.|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/;

// pg has no codes for these.
const busyMessages = /timeout exceeded|connection terminated|connection timeout/i;

/** Whether a statement failed because of a unique constraint (SQLSTATE 23505). */
export const isUniqueViolation = (error: unknown): boolean => (error as { code?: string }).code === '23505';

/** @returns TextNotStorable, TransactionConflict or DatabaseBusy for an error that means one of them, else the error itself */
export function translateDatabaseError(error: Error): Error {
  const { code = '' } = error as { code?: string };
  // Every JSON value comes from JSON.stringify, so only a lone surrogate makes it invalid (RFC 8259 §8.2).
  const isLoneSurrogate = code === '22P02' && error.message === 'invalid input syntax for type json';
  if (textCodes.test(code) || isLoneSurrogate) return new TextNotStorable('the text cannot be stored');
  if (conflictCodes.test(code)) return new TransactionConflict(error.message, { cause: error });
  if (busyCodes.test(code) || busyMessages.test(error.message)) {
    return new DatabaseBusy(error.message, { cause: error });
  }
  return error;
}

/** Whether the server answered with this error, so that what it refused was not done. */
export function isAnswerOfServer(error: Error): boolean {
  const { code = '' } = ((error.cause as Error | undefined) ?? error) as { code?: string };
  // Those of class 08 and 57P0x end the connection, whatever the server was doing.
  return /^[0-9A-Z]{5}$/.test(code) && !/^(08|57P0)/.test(code);
}
