/** A lock that one process of the machine holds, and that the kernel gives back when the process dies. */
import { DatabaseSync } from 'node:sqlite';

export interface FileLock {
  release(): void;
}

// SQLITE_BUSY
const busy = 5;

/**
 * Node has no file locks of its own, but SQLite, which comes with Node, locks the file of a database. It holds for
 * containers too that share the folder, where process ids mean nothing.
 *
 * @param path an empty file, made if need be
 * @returns undefined while somebody else holds it
 */
export function tryFileLock(path: string): FileLock | undefined {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('begin exclusive');
    return { release: () => file.close() };
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw error;
  }
}
