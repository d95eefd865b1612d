/** Folders and files that nobody but the owner of this process can read. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
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
import { randomToken } from './secrets.ts';

/** A folder of another user, who could have put anything into it. */
export class FolderNotOurs extends Error {
  override readonly name = 'FolderNotOurs';
}

/**
 * Makes the folder if need be, mode 0700, and returns it.
 *
 * @throws FolderNotOurs when it is somebody else's, who could have put anything into it
 */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid } = statSync(path);
  if (process.getuid && uid !== process.getuid()) {
    throw new FolderNotOurs(`${path} belongs to another user (${uid}): run as that user, or choose another folder`);
  }
  chmodSync(path, 0o700);
  return path;
}

/** Makes a folder over to its owner, and says whether it is the owner's alone: somebody else may have made it first. */
function isAloneWith(owner: number, path: string): boolean {
  const made = lstatSync(path);
  if (made.isDirectory() && made.uid === process.getuid?.() && made.uid !== owner) chownSync(path, owner, owner);
  const folder = lstatSync(path);
  return folder.isDirectory() && folder.uid === owner && (folder.mode & 0o077) === 0;
}

/**
 * A short folder for the database socket (its path may have 107 bytes at most), the same each time for a data folder;
 * where another user was there first, one whose name nobody could guess.
 *
 * @param parent where sockets go: the user's runtime folder or the temporary one
 * @param owner uid of the server, where it is another than ours
 */
export function socketFolder(parent: string, dataFolder: string, owner = process.getuid?.() ?? -1): string {
  const name = createHash('sha256').update(realpathSync(dataFolder)).digest('hex').slice(0, 16);
  const usual = join(parent, `frontdesk-${name}`);
  mkdirSync(usual, { recursive: true, mode: 0o700 });
  if (isAloneWith(owner, usual)) return usual;
  const another = mkdtempSync(join(parent, 'frontdesk-'));
  isAloneWith(owner, another);
  return another;
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
export function createPrivateFileOnce(path: string, text: string): string {
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
export function readFileIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * @param folder made if need be, mode 0700
 * @param prefix put before a new secret, so that it can be told what it was made for
 */
export function ensureSecretFile(folder: string, name: string, prefix: string): string {
  const path = join(privateFolder(folder), name);
  return (readFileIfExists(path) ?? createPrivateFileOnce(path, `${prefix}${randomToken()}\n`)).trim();
}
