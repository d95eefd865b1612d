/** A lock that one process holds at a time, and that the kernel releases when the process dies. */
import { DatabaseSync } from 'node:sqlite';

export interface FileLock {
  release(): void;
}

const sqliteBusy = 5;

/**
 * Locks a file. Node has no file locks, but its SQLite locks the file of a database. The lock also works between
 * containers that share a folder, where process ids say nothing.
 *
 * @param path an empty file, created when it is missing
 * @returns undefined while another process holds the lock
 */
export function tryFileLock(path: string): FileLock | undefined {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('begin exclusive');
    return { release: () => file.close() };
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw error;
  }
}
