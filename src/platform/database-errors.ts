/** What it means to the program when PostgreSQL says no. */

/** What was written in a unit of work is undone as a whole; `cause` says why. */
export class CommitFailed extends Error {
  override readonly name = 'CommitFailed';
}

/** Text that PostgreSQL cannot hold (U+0000): the sender's mistake, not a fault. */
export class TextNotStorable extends Error {
  override readonly name = 'TextNotStorable';
}

/** The database is away, or has too much to do: the same may go well in a while. */
export class DatabaseBusy extends Error {
  override readonly name = 'DatabaseBusy';
}

// character_not_in_repertoire and untranslatable_character
const textCodes = /^(22021|22P05)$/;

// Connection exceptions, too many connections, a lock or a statement that took too long, deadlocks, shutdown; and what
// the operating system says of sockets.
const busyCodes = /^(08...|53...|55P03|57014|57P0.|40001|40P01|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/;

// pg has no codes for these.
const busyWords = /timeout exceeded|connection terminated|connection timeout/i;

/** @returns TextNotStorable or DatabaseBusy where it is one of them, else the error as it is */
export function translateDatabaseError(error: Error): Error {
  const { code = '' } = error as { code?: string };
  // All JSON of ours is made by JSON.stringify, so only half a character (a lone surrogate) can be wrong with it.
  const isHalf = code === '22P02' && error.message === 'invalid input syntax for type json';
  if (textCodes.test(code) || isHalf) return new TextNotStorable('a text holds what cannot be stored');
  if (busyCodes.test(code) || busyWords.test(error.message)) return new DatabaseBusy(error.message, { cause: error });
  return error;
}
