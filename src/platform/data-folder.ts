/** Ownership of a data folder: which process runs its embedded database, and how the others reach that database. */
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryFileLock } from './file-lock.ts';
import { LocalFailure } from './local-failure.ts';
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
  /** Writes the folder of the database socket to `owner.json`; undefined while the database does not run. */
  announce(socket: string | undefined): void;
  release(): void;
}

const maxWaitSeconds = 60;
const maxUnreachableSeconds = 5;
const probeMilliseconds = 2_000;

function readOwner(path: string): Owner | undefined {
  const text = readFileIfExists(path);
  return text ? (JSON.parse(text) as Owner) : undefined;
}

/** `absent`: there is no socket, or one that this process may not use. `silent`: there is no response. */
type DatabaseState = 'responding' | 'absent' | 'silent';

/** The SSLRequest message (length and code), which PostgreSQL refuses on a Unix socket with one byte. */
const sslRequest = Buffer.from('0000000804d2162f', 'hex');

/** Waits for a response, since a frozen server accepts connections too. A crash may leave a socket without a server. */
const probeDatabase = (socket: string): Promise<DatabaseState> =>
  new Promise((resolve) => {
    const probe = connect(join(socket, '.s.PGSQL.5432'), () => probe.write(sslRequest));
    const end = (state: DatabaseState) => {
      probe.destroy();
      resolve(state);
    };
    probe.setTimeout(probeMilliseconds, () => end('silent'));
    probe.once('data', () => end('responding'));
    probe.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED' ? 'silent' : 'absent'));
    probe.once('end', () => end('silent'));
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
 * @throws LocalFailure for a second server, when the owner's database cannot be reached for 5 seconds, and after
 *   waiting for 60 seconds
 */
export async function acquireDataFolder(
  dataFolder: string,
  { role, onStep }: { role: ProcessRole; onStep: OnStep },
): Promise<Ownership | { socket: string }> {
  const path = join(dataFolder, 'owner.json');
  const start = Date.now();
  let isWaiting = false;
  let unreachableSince: number | undefined;
  for (;;) {
    const lock = tryFileLock(join(dataFolder, 'owner.lock'));
    if (lock) {
      const self: Owner = { pid: process.pid, role };
      writePrivateFile(path, JSON.stringify(self));
      return {
        announce(socket) {
          try {
            writePrivateFile(path, JSON.stringify({ ...self, ...(socket && { socket }) }));
          } catch {
            // The disk is full. Without the file commands wait; with an old one they would connect to the old socket.
            rmSync(path, { force: true });
          }
        },
        release() {
          rmSync(path, { force: true });
          lock.release();
        },
      };
    }
    const owner = readOwner(path);
    let state: DatabaseState | undefined;
    if (owner?.role === 'server') {
      const pid = owner.pid;
      if (role === 'server') throw new LocalFailure('server_runs', { pid, folder: dataFolder });
      state = owner.socket === undefined ? undefined : await probeDatabase(owner.socket);
      if (owner.socket !== undefined && state === 'responding') return { socket: owner.socket };
    }
    if (!isWaiting) onStep('waiting_for_folder');
    isWaiting = true;
    await sleep(50);
    const values = { pid: owner?.pid ?? 0, folder: dataFolder };
    unreachableSince = state === undefined ? undefined : (unreachableSince ?? Date.now());
    if (unreachableSince !== undefined && Date.now() - unreachableSince > maxUnreachableSeconds * 1000) {
      throw new LocalFailure(state === 'absent' ? 'server_database_absent' : 'server_database_silent', values);
    }
    if (Date.now() - start > maxWaitSeconds * 1000) {
      throw new LocalFailure('folder_taken', { ...values, seconds: maxWaitSeconds });
    }
  }
}
