/** Who runs the embedded database of a data folder: one server, or one command while no server runs. */
import { readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryFileLock } from './file-lock.ts';
import { readFileIfExists, writePrivateFile } from './private-folder.ts';

export type Role = 'server' | 'command';

/** What the owner tells others, in `owner.json`. That it lives, the lock tells. */
interface Owner {
  pid: number;
  role: Role;
  /** Folder of the database socket, once the database answers. */
  socket?: string;
}

export interface Ownership {
  /** Tells others where the database answers. */
  announce(socket: string): void;
  release(): void;
}

/** Somebody else has the folder; the message says who, and what to do. */
export class DataFolderTaken extends Error {
  override readonly name = 'DataFolderTaken';
}

const waitSeconds = 60;
const unreachableSeconds = 5;

function readOwner(path: string): Owner | undefined {
  const text = readFileIfExists(path);
  return text ? (JSON.parse(text) as Owner) : undefined;
}

/** Whether a database answers there; one that was left behind by a crash does not. */
const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(join(socket, '.s.PGSQL.5432'));
    probe.once('error', () => resolve(false)).once('connect', () => probe.end(() => resolve(true)));
  });

/**
 * Waits for the data folder. A command beside a running server gets the socket of that server's database; otherwise
 * the caller becomes the owner and must start the database itself.
 *
 * @throws DataFolderTaken when a second server starts, or the owner's database cannot be reached
 */
export async function acquireDataFolder(dataFolder: string, role: Role): Promise<Ownership | { socket: string }> {
  const path = join(dataFolder, 'owner.json');
  const start = Date.now();
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
      if (owner.socket && (await answers(owner.socket))) return { socket: owner.socket };
    }
    await sleep(50);
    const waited = (Date.now() - start) / 1000;
    if (owner?.socket && waited > unreachableSeconds) {
      throw new DataFolderTaken(
        `a Frontdesk server (process ${owner.pid}) runs on ${dataFolder}, but its database cannot be reached from here: ` +
          'run this where the server runs (in its container, as its user)',
      );
    }
    if (waited > waitSeconds) {
      throw new DataFolderTaken(
        `${dataFolder} has been held by process ${owner?.pid} for ${waitSeconds} s: stop that process`,
      );
    }
  }
}

/** The process id in a PostgreSQL data folder's postmaster.pid, and whether that server is ready. */
export function postmaster(postgresFolder: string): { pid: number; ready: boolean } | undefined {
  const path = join(postgresFolder, 'postmaster.pid');
  if (readFileIfExists(path) === undefined) return undefined;
  const lines = readFileSync(path, 'utf8').split('\n');
  return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready' };
}
