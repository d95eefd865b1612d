/** A secret that is made once and kept in a file that only its owner can read. */
import { join } from 'node:path';
import { keepPrivateFile, privateFolder, readIfThere } from './private-folder.ts';
import { randomToken } from './secrets.ts';

/**
 * @param folder made if need be, mode 0700
 * @param prefix put before a new secret, so that it can be told what it was made for
 */
export function keptSecret(folder: string, name: string, prefix: string): string {
  const path = join(privateFolder(folder), name);
  return (readIfThere(path) ?? keepPrivateFile(path, `${prefix}${randomToken()}\n`)).trim();
}
