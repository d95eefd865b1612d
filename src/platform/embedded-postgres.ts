/** Runs the PostgreSQL that comes with the program, on the data folder, when no DATABASE_URL is set. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { postmaster, acquireDataFolder, type Role } from './data-owner.ts';
import { EmbeddedPostgresFailed, findBinaries, findLauncher, libraryPath } from './postgres-program.ts';
import type { Binaries, Launcher } from './postgres-program.ts';
import { privateFolder, socketFolder } from './private-folder.ts';

export interface EmbeddedPostgres {
  /** `postgres://…`, by the socket. */
  url: string;
  /** A running server of the same program started it, and has brought it up to date. */
  isAttached: boolean;
  /** Stops the database if this process started it. */
  stop: () => Promise<void>;
}

const user = 'frontdesk';
const database = 'frontdesk';
const startSeconds = 30;
const stopSeconds = 20;

interface Place {
  binaries: Binaries;
  launcher: Launcher;
  environment: NodeJS.ProcessEnv;
  /** PostgreSQL's own folder. */
  folder: string;
}

function runToEnd({ launcher, environment }: Place, command: string[], input = ''): void {
  const [program, ...args] = [...launcher.prefix, ...command];
  const options = { ...launcher.runsAs, env: environment, input, encoding: 'utf8' } as const;
  const { status, stderr, stdout, error } = spawnSync(program!, args, options);
  if (status === 0) return;
  const said = (stderr || stdout || '').trim().split('\n').slice(-5).join('\n');
  const hint = launcher.runsAs
    ? '\nIt runs as nobody here and must be able to walk to DATA_DIR: choose another, or set DATABASE_URL'
    : '';
  throw new EmbeddedPostgresFailed(`${basename(command[0]!)} failed: ${said}${hint}`, { cause: error });
}

const urlOf = (socket: string): string => `postgres://${user}@/${database}?host=${encodeURIComponent(socket)}`;

/** Hands a folder to the user that PostgreSQL runs as, and lets that user walk to it. */
function giveTo({ runsAs }: Launcher, folder: string): void {
  if (!runsAs) return;
  chownSync(folder, runsAs.uid, runsAs.gid);
  chmodSync(dirname(folder), 0o711);
}

/** Makes the folder under another name first, so that a half-made one is never taken for a database. */
function initialise(place: Place): void {
  const draft = `${place.folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  giveTo(place.launcher, privateFolder(draft));
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  runToEnd(place, [place.binaries.initdb, '--auth=trust', `--username=${user}`, ...locale, '-D', draft]);
  const single = [place.binaries.postgres, '--single', '-D', draft, 'postgres'];
  runToEnd(place, single, `create database ${database}\n`);
  renameSync(draft, place.folder);
}

/** A server of this very folder may have outlived its owner by a moment: asks it to stop, and waits. */
async function stopLeftover(folder: string): Promise<void> {
  const leftover = postmaster(folder);
  if (!leftover) return;
  const deadline = Date.now() + stopSeconds * 1000;
  while (isRunning(leftover.pid) && postmaster(folder)?.pid === leftover.pid) {
    process.kill(leftover.pid, 'SIGINT');
    await sleep(100);
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresFailed(`PostgreSQL (process ${leftover.pid}) still runs on ${folder}: stop it first`);
    }
  }
}

function isRunning(pid: number): boolean {
  const status = process.platform === 'linux' ? `/proc/${pid}/comm` : undefined;
  if (status) return existsSync(status) && readFileSync(status, 'utf8').startsWith('postgres');
  return spawnSync('ps', ['-p', String(pid), '-o', 'comm=']).stdout.includes('postgres');
}

function launch(place: Place, socket: string, dataFolder: string): ChildProcess {
  const options = ['listen_addresses=', 'max_connections=60', 'shared_buffers=64MB', 'jit=off'];
  options.push('dynamic_shared_memory_type=mmap', 'timezone=UTC', 'log_timezone=UTC', 'log_statement=none');
  const command = [place.binaries.postgres, '-D', place.folder, '-k', socket];
  const [program, ...args] = [...place.launcher.prefix, ...command, ...options.flatMap((option) => ['-c', option])];
  const log = openSync(join(dataFolder, 'postgres.log'), 'w', 0o600);
  // A process group of its own: Ctrl-C reaches this program first, which drains before it stops the database.
  const { environment: env, launcher } = place;
  return spawn(program!, args, { ...launcher.runsAs, env, detached: true, stdio: ['ignore', log, log] });
}

async function untilReady(server: ChildProcess, folder: string, dataFolder: string): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  while (!(postmaster(folder)?.pid === server.pid && postmaster(folder)?.ready)) {
    if (server.exitCode !== null || server.signalCode || Date.now() > deadline) {
      throw new EmbeddedPostgresFailed(`PostgreSQL did not start: see ${join(dataFolder, 'postgres.log')}`);
    }
    await sleep(10);
  }
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode) return;
  const gone = new Promise((done) => server.once('exit', done));
  server.kill('SIGINT');
  await Promise.race([gone, sleep(stopSeconds * 1000, undefined, { ref: false })]);
}

/**
 * Starts the database, or attaches to the one a running server of the same data folder started.
 *
 * @param runtimeFolder where the folder of the socket is made
 * @throws DataFolderTaken when a second server starts on one data folder
 * @throws EmbeddedPostgresFailed with what to do about it
 */
export async function startEmbeddedPostgres(
  dataFolder: string,
  runtimeFolder: string,
  role: Role,
): Promise<EmbeddedPostgres> {
  const home = resolve(privateFolder(dataFolder));
  const owner = await acquireDataFolder(home, role);
  if ('socket' in owner) return { url: urlOf(owner.socket), isAttached: true, stop: async () => {} };
  try {
    const binaries = await findBinaries();
    const libraries = libraryPath(binaries, home);
    const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...(libraries && { LD_LIBRARY_PATH: libraries }) };
    const launcher = findLauncher();
    const place = { binaries, launcher, environment, folder: join(home, 'postgres') };
    if (!existsSync(place.folder)) initialise(place);
    await stopLeftover(place.folder);
    const socket = socketFolder(runtimeFolder, home, launcher.runsAs?.uid);
    if (launcher.runsAs) chmodSync(home, 0o711);
    const server = launch(place, socket, home);
    await untilReady(server, place.folder, home);
    owner.announce(socket);
    const stop = async () => {
      await stopServer(server);
      rmSync(socket, { recursive: true, force: true });
      owner.release();
    };
    return { url: urlOf(socket), isAttached: false, stop };
  } catch (error) {
    owner.release();
    throw error;
  }
}
