/** Errors of PostgreSQL, by what a caller can do about them. */

/** Nothing of a unit of work was committed; `cause` says why. */
export class CommitFailed extends Error {
  override readonly name = 'CommitFailed';
}

/** The sender's mistake: a text that PostgreSQL cannot store, such as one with U+0000. */
export class TextNotStorable extends Error {
  override readonly name = 'TextNotStorable';
}

/** The database is away or overloaded. The same statement may succeed later. */
export class DatabaseBusy extends Error {
  override readonly name = 'DatabaseBusy';
}

// character_not_in_repertoire and untranslatable_character.
const textCodes = /^(22021|22P05)$/;

// Connection exceptions, too many connections, timeouts of locks and statements, deadlocks, shutdown; and the codes of
// Node for sockets.
const busyCodes = /^(08...|53...|55P03|57014|57P0.|40001|40P01|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/;

// pg has no codes for these.
const busyMessages = /timeout exceeded|connection terminated|connection timeout/i;

/** Whether a statement failed because its row would equal another one where the table allows none. */
export const isUniqueViolation = (error: unknown): boolean => (error as { code?: string }).code === '23505';

/** @returns TextNotStorable or DatabaseBusy for an error that means one of them, else the error itself */
export function translateDatabaseError(error: Error): Error {
  const { code = '' } = error as { code?: string };
  // Every JSON value comes from JSON.stringify, so it can only be wrong by a lone surrogate (RFC 8259 §8.2).
  const isLoneSurrogate = code === '22P02' && error.message === 'invalid input syntax for type json';
  if (textCodes.test(code) || isLoneSurrogate) return new TextNotStorable('the text cannot be stored');
  if (busyCodes.test(code) || busyMessages.test(error.message)) {
    return new DatabaseBusy(error.message, { cause: error });
  }
  return error;
}
