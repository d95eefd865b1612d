/** A lock that one process holds at a time, and that the kernel releases when the process dies. */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface FileLock {
  release(): void;
}

const sqliteBusy = 5;

/** The error of Node that says why a file cannot be used; SQLite has no words for that. */
function nodeError(path: string): unknown {
  try {
    closeSync(openSync(path, 'a', 0o600));
    return undefined;
  } catch (error) {
    return error;
  }
}

function openFile(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw nodeError(path) ?? error;
  }
}

/**
 * Locks a file. Node has no file locks, but its SQLite locks the file of a database. The lock also works between
 * containers that share a folder, where process ids say nothing.
 *
 * @param path an empty file, created when it is missing
 * @returns undefined while another process holds the lock
 */
export function tryFileLock(path: string): FileLock | undefined {
  const file = openFile(path);
  try {
    file.exec('begin exclusive');
    return { release: () => file.close() };
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw nodeError(path) ?? error;
  }
}
