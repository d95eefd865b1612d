/** Folders and files that only the user of this process can read: the data folder, the socket folder, secrets. */
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
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LocalFailure } from './local-failure.ts';
import { randomToken } from './secrets.ts';

/**
 * Creates a folder with mode 0700 when it is missing, and gives an existing one this mode.
 *
 * @returns the path
 * @throws LocalFailure `folder_of_other_user` when the folder belongs to another user
 */
export function ensurePrivateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid } = statSync(path);
  const own = process.getuid?.() ?? uid;
  if (uid !== own) throw new LocalFailure('folder_of_other_user', { folder: path, uid, own });
  chmodSync(path, 0o700);
  return path;
}

/**
 * Gives a folder that this process created to its owner.
 *
 * @returns whether only the owner can use the folder; false when another user created it first
 */
function giveToOwner(owner: number, path: string): boolean {
  const initial = lstatSync(path);
  const isOwn = initial.isDirectory() && initial.uid === process.getuid?.();
  // The group does not matter, because the mode is 0700.
  if (isOwn && initial.uid !== owner) chownSync(path, owner, owner);
  const folder = lstatSync(path);
  return folder.isDirectory() && folder.uid === owner && (folder.mode & 0o077) === 0;
}

/**
 * Creates the folder for the database socket, whose path may have at most 107 bytes. A data folder gets the same socket
 * folder each time; when another user has taken its name, a socket folder with a random name is created.
 *
 * @param parent the user's runtime folder, or the folder for temporary files
 * @param owner uid of the database server; the uid of this process by default
 */
export function ensureSocketFolder(parent: string, dataFolder: string, owner = process.getuid?.() ?? -1): string {
  const name = createHash('sha256').update(realpathSync(dataFolder)).digest('hex').slice(0, 16);
  const stable = join(parent, `frontdesk-${name}`);
  mkdirSync(stable, { recursive: true, mode: 0o700 });
  if (giveToOwner(owner, stable)) return stable;
  const random = mkdtempSync(join(parent, 'frontdesk-'));
  giveToOwner(owner, random);
  return random;
}

/** Writes a file with mode 0600. Readers see the old text or the new text, never a part. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Creates a file with mode 0600.
 *
 * @throws Error with code EEXIST when there is such a file
 */
export function createPrivateFile(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
}

/**
 * Creates a file with mode 0600 when it is missing. When several processes do so at once, one of them
 * creates the file, and the others read it.
 *
 * @returns the text of the file
 */
export function ensurePrivateFile(path: string, text: string): string {
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

/** @returns the text of the file; undefined when there is none */
export function readFileIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads a secret from a file, and creates the file with a random secret when it is missing.
 *
 * @param prefix beginning of a new secret, which says what the secret is for
 * @returns the secret, without the line break at the end of the file
 */
export function ensureSecretFile(folder: string, name: string, prefix: string): string {
  const path = join(ensurePrivateFolder(folder), name);
  return (readFileIfExists(path) ?? ensurePrivateFile(path, `${prefix}${randomToken()}\n`)).trim();
}
