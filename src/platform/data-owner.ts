/** Who runs the embedded database of a data folder: one server, or one command while no server runs. */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readIfThere, writePrivateFile } from './private-folder.ts';

export type Role = 'server' | 'command';

interface Owner {
  pid: number;
  /** Tells this process from a later one with the same pid. */
  startedAt: string;
  role: Role;
  /** Folder of the database socket, once the database answers. */
  socket?: string;
}

export interface Ownership {
  /** Tells others where the database answers. */
  announce(socket: string): void;
  release(): void;
}

export class DataFolderTaken extends Error {
  override readonly name = 'DataFolderTaken';
  constructor(dataFolder: string, pid: number) {
    super(`a Frontdesk server (process ${pid}) already runs on ${dataFolder}: stop it, or set another DATA_DIR`);
  }
}

const waitSeconds = 60;

/** When the process started, in the kernel's words; empty where that cannot be known. */
function startOf(pid: number): string {
  const stat = process.platform === 'linux' ? readIfThere(`/proc/${pid}/stat`) : '';
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function isAlive({ pid, startedAt }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(pid) === startedAt;
}

function readOwner(path: string): Owner | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Owner;
  } catch {
    // Another process has made the file and is about to fill it; or it was cut off by a crash.
    return { pid: -1, startedAt: '', role: 'command' };
  }
}

/** Makes the owner file, or says no because there is one. */
function claim(path: string, owner: Owner): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  writeSync(file, JSON.stringify(owner));
  closeSync(file);
  return true;
}

function removeIfUnchanged(path: string, text: string | undefined): void {
  if (text !== undefined && readIfThere(path) === text) unlinkSync(path);
}

/**
 * Waits for the data folder. A command beside a running server gets the socket of that server's database; otherwise
 * the caller becomes the owner and must start the database itself.
 *
 * @throws DataFolderTaken when a second server starts
 */
export async function takeDataFolder(dataFolder: string, role: Role): Promise<Ownership | { socket: string }> {
  const path = join(dataFolder, 'owner.json');
  const self: Owner = { pid: process.pid, startedAt: startOf(process.pid), role };
  const deadline = Date.now() + waitSeconds * 1000;

  while (!claim(path, self)) {
    const text = readIfThere(path);
    const owner = readOwner(path);
    if (owner && !isAlive(owner)) {
      // A file that was cut off gets a moment to be completed before it is taken for a dead one's.
      if (owner.pid === -1) await sleep(200);
      removeIfUnchanged(path, text);
    } else if (owner?.role === 'server') {
      if (role === 'server') throw new DataFolderTaken(dataFolder, owner.pid);
      if (owner.socket) return { socket: owner.socket };
      await sleep(50);
    } else {
      await sleep(50);
    }
    if (Date.now() > deadline) {
      throw new Error(`${path} has been held by process ${owner?.pid} for ${waitSeconds} s: stop that process`);
    }
  }

  return {
    announce: (socket) => writePrivateFile(path, JSON.stringify({ ...self, socket })),
    release: () => {
      if (readOwner(path)?.pid === process.pid) unlinkSync(path);
    },
  };
}

/** The process id in a PostgreSQL data folder's postmaster.pid, and whether that server is ready. */
export function postmaster(postgresFolder: string): { pid: number; ready: boolean } | undefined {
  const path = join(postgresFolder, 'postmaster.pid');
  if (readIfThere(path) === undefined) return undefined;
  const lines = readFileSync(path, 'utf8').split('\n');
  return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready' };
}
