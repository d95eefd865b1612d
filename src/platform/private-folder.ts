/** Folders and files that nobody but the owner of this process can read. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';

/**
 * Makes the folder if need be, mode 0700, and returns it.
 *
 * @throws Error when it is somebody else's, who could have put anything into it
 */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid } = statSync(path);
  if (process.getuid && uid !== process.getuid()) {
    throw new Error(`${path} belongs to another user (${uid}): run as that user, or choose another folder`);
  }
  chmodSync(path, 0o700);
  return path;
}

/**
 * A short folder for the database socket (its path may have 107 bytes at most), one for each data folder.
 *
 * @param parent where sockets go: the user's runtime folder or the temporary one
 * @param owner uid of the server, where it is another than ours
 * @throws Error when somebody else made the folder first
 */
export function socketFolder(parent: string, dataFolder: string, owner = process.getuid?.() ?? -1): string {
  const name = createHash('sha256').update(realpathSync(dataFolder)).digest('hex').slice(0, 16);
  const path = join(parent, `frontdesk-${name}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const made = lstatSync(path);
  if (made.isDirectory() && made.uid === process.getuid?.() && made.uid !== owner) chownSync(path, owner, owner);
  const folder = lstatSync(path);
  const isOurs = folder.isDirectory() && folder.uid === owner && (folder.mode & 0o077) === 0;
  if (!isOurs) throw new Error(`${path} belongs to somebody else or is open to others: remove it`);
  return path;
}

/** Writes a file that only its owner can read, whole or not at all. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(draft, path);
}

/** Makes a file that only its owner can read, whole; of many who do so at once, one wins and the others see its text. */
export function keepPrivateFile(path: string, text: string): string {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writePrivateFile(draft, text);
  try {
    linkSync(draft, path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFileSync(path, 'utf8');
  } finally {
    unlinkSync(draft);
  }
}

/** The file's text; undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
