/** Ownership of a data folder: which process runs its embedded database, and how the others reach that database. */
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryFileLock } from './file-lock.ts';
import { readFileIfExists, writePrivateFile } from './private-folder.ts';
import type { OnStep } from './progress.ts';

export type ProcessRole = 'server' | 'command';

/** Content of `owner.json`, for the other processes. Only the lock says whether the owner still runs. */
interface Owner {
  pid: number;
  role: ProcessRole;
  /** Folder of the database socket; missing until the database accepts connections. */
  socket?: string;
}

export interface Ownership {
  /** Writes the folder of the database socket to `owner.json`. */
  announce(socket: string): void;
  release(): void;
}

/** Thrown when another process owns the data folder. The message names it and says what to do. */
export class DataFolderTaken extends Error {
  override readonly name = 'DataFolderTaken';
}

const maxWaitSeconds = 60;
const maxUnreachableSeconds = 5;

function readOwner(path: string): Owner | undefined {
  const text = readFileIfExists(path);
  return text ? (JSON.parse(text) as Owner) : undefined;
}

/** Whether a database accepts connections at the socket in this folder. A crash may leave a socket without one. */
const isResponding = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(join(socket, '.s.PGSQL.5432'));
    probe.once('error', () => resolve(false)).once('connect', () => probe.end(() => resolve(true)));
  });

/** Whether a server runs on this data folder. */
export function isServerRunning(dataFolder: string): boolean {
  const owner = readOwner(join(dataFolder, 'owner.json'));
  if (owner?.role !== 'server') return false;
  const lock = tryFileLock(join(dataFolder, 'owner.lock'));
  lock?.release();
  return lock === undefined;
}

/**
 * Waits until the data folder is free, and becomes its owner; the caller must then start the database. While a server
 * owns the folder, a command gets the folder of that server's database socket instead.
 *
 * @throws DataFolderTaken for a second server, when the owner's database cannot be reached for 5 seconds, and after
 *   waiting for 60 seconds
 */
export async function acquireDataFolder(
  dataFolder: string,
  { role, onStep }: { role: ProcessRole; onStep: OnStep },
): Promise<Ownership | { socket: string }> {
  const path = join(dataFolder, 'owner.json');
  const start = Date.now();
  let isWaiting = false;
  for (;;) {
    const lock = tryFileLock(join(dataFolder, 'owner.lock'));
    if (lock) {
      const self: Owner = { pid: process.pid, role };
      writePrivateFile(path, JSON.stringify(self));
      return {
        announce: (socket) => writePrivateFile(path, JSON.stringify({ ...self, socket })),
        release() {
          rmSync(path, { force: true });
          lock.release();
        },
      };
    }
    const owner = readOwner(path);
    if (owner?.role === 'server') {
      if (role === 'server') {
        const server = `a Frontdesk server (process ${owner.pid})`;
        throw new DataFolderTaken(`${server} already runs on ${dataFolder}: stop it, or set another DATA_DIR`);
      }
      if (owner.socket && (await isResponding(owner.socket))) return { socket: owner.socket };
    }
    if (!isWaiting) onStep('waiting_for_folder');
    isWaiting = true;
    await sleep(50);
    const waited = (Date.now() - start) / 1000;
    if (owner?.role === 'server' && owner.socket && waited > maxUnreachableSeconds) {
      throw new DataFolderTaken(
        `a Frontdesk server (process ${owner.pid}) runs on ${dataFolder}, but its database cannot be reached from here: ` +
          'run this where the server runs (in its container, as its user)',
      );
    }
    if (waited > maxWaitSeconds) {
      throw new DataFolderTaken(
        `process ${owner?.pid} has used ${dataFolder} for more than ${maxWaitSeconds} s: stop that process`,
      );
    }
  }
}
