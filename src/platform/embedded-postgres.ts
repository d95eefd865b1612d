/** Runs the embedded PostgreSQL on the data folder, when no DATABASE_URL is set. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireDataFolder, type ProcessRole } from './data-folder.ts';
import { EmbeddedPostgresFailed, findBinaries, findLauncher, libraryPath } from './postgres-program.ts';
import type { Binaries, Launcher } from './postgres-program.ts';
import { ensurePrivateFolder, readFileIfExists, ensureSocketFolder } from './private-folder.ts';
import type { OnStep } from './progress.ts';

export interface EmbeddedPostgres {
  /** `postgres://…`, with the Unix socket as host. */
  url: string;
  /** Whether a running server owns the database. That server has applied the migrations. */
  isAttached: boolean;
  /** Stops the database if this process started it. */
  stop: () => Promise<void>;
}

const user = 'frontdesk';
const database = 'frontdesk';
const startSeconds = 30;
const stopSeconds = 20;

/** The PostgreSQL programs and the folder of one database cluster. */
interface Cluster {
  binaries: Binaries;
  launcher: Launcher;
  environment: NodeJS.ProcessEnv;
  /** PGDATA. */
  folder: string;
}

/** Runs a program of PostgreSQL until it exits. @throws EmbeddedPostgresFailed with the end of its output */
async function runProgram({ launcher, environment }: Cluster, command: string[], input = ''): Promise<void> {
  const [program, ...args] = [...launcher.prefix, ...command];
  const child = spawn(program!, args, { ...launcher.runsAs, env: environment });
  const printed = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.error += chunk.toString()));
  // A program that exits early breaks the pipe. Its exit status and output say more than that error.
  child.stdin.on('error', () => {}).end(input);
  const { status, error } = await new Promise<{ status?: number | null; error?: Error }>((done) => {
    child.once('error', (cause) => done({ error: cause }));
    child.once('close', (code) => done({ status: code }));
  });
  if (status === 0) return;
  const output = (printed.error || printed.out).trim().split('\n').slice(-5).join('\n');
  const hint = launcher.runsAs
    ? '\nIt runs as the user nobody, who must have access to DATA_DIR: choose another folder, or set DATABASE_URL'
    : '';
  throw new EmbeddedPostgresFailed(`${basename(command[0]!)} failed: ${output}${hint}`, { cause: error });
}

const urlOf = (socket: string): string => `postgres://${user}@/${database}?host=${encodeURIComponent(socket)}`;

/** Makes the user that PostgreSQL runs as the owner of a folder, with access to its parent. */
function giveToServer({ runsAs }: Launcher, folder: string): void {
  if (!runsAs) return;
  chownSync(folder, runsAs.uid, runsAs.gid);
  chmodSync(dirname(folder), 0o711);
}

/** Creates the cluster and the database in a draft folder, and renames it: `cluster.folder` is never incomplete. */
async function createCluster(cluster: Cluster): Promise<void> {
  const draft = `${cluster.folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  giveToServer(cluster.launcher, ensurePrivateFolder(draft));
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  await runProgram(cluster, [cluster.binaries.initdb, '--auth=trust', `--username=${user}`, ...locale, '-D', draft]);
  const single = [cluster.binaries.postgres, '--single', '-D', draft, 'postgres'];
  await runProgram(cluster, single, `create database ${database}\n`);
  renameSync(draft, cluster.folder);
}

/** Lines 1 and 8 of `postmaster.pid`: process id and status. Undefined when no server runs on the folder. */
function readPidFile(folder: string): { pid: number; isReady: boolean } | undefined {
  const lines = readFileIfExists(join(folder, 'postmaster.pid'))?.split('\n');
  return lines && { pid: Number(lines[0]), isReady: lines[7]?.trim() === 'ready' };
}

/** Stops a server of this folder that outlived its owner. @throws EmbeddedPostgresFailed after 20 seconds */
async function stopOrphan(folder: string): Promise<void> {
  const orphan = readPidFile(folder);
  if (!orphan) return;
  const deadline = Date.now() + stopSeconds * 1000;
  while (isPostgres(orphan.pid) && readPidFile(folder)?.pid === orphan.pid) {
    process.kill(orphan.pid, 'SIGINT');
    await sleep(100);
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresFailed(`PostgreSQL (process ${orphan.pid}) still runs on ${folder}: stop it first`);
    }
  }
}

function isPostgres(pid: number): boolean {
  const status = process.platform === 'linux' ? `/proc/${pid}/comm` : undefined;
  if (status) return existsSync(status) && readFileSync(status, 'utf8').startsWith('postgres');
  return spawnSync('ps', ['-p', String(pid), '-o', 'comm=']).stdout.includes('postgres');
}

function startServer(cluster: Cluster, socket: string, dataFolder: string): ChildProcess {
  const options = ['listen_addresses=', 'max_connections=60', 'shared_buffers=64MB', 'jit=off'];
  options.push('dynamic_shared_memory_type=mmap', 'timezone=UTC', 'log_timezone=UTC', 'log_statement=none');
  const { binaries, launcher, environment: env, folder } = cluster;
  const command = [binaries.postgres, '-D', folder, '-k', socket];
  const [program, ...args] = [...launcher.prefix, ...command, ...options.flatMap((option) => ['-c', option])];
  const log = openSync(join(dataFolder, 'postgres.log'), 'w', 0o600);
  // Ctrl-C does not reach a process group of its own: this process finishes requests first, and then stops PostgreSQL.
  return spawn(program!, args, { ...launcher.runsAs, env, detached: true, stdio: ['ignore', log, log] });
}

/** @throws EmbeddedPostgresFailed when the server exits, or is not ready after 30 seconds */
async function waitUntilReady(server: ChildProcess, folder: string, dataFolder: string): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    const current = readPidFile(folder);
    if (current?.pid === server.pid && current?.isReady) return;
    if (server.exitCode !== null || server.signalCode || Date.now() > deadline) {
      throw new EmbeddedPostgresFailed(`PostgreSQL did not start: see ${join(dataFolder, 'postgres.log')}`);
    }
    await sleep(10);
  }
}

/** Stops PostgreSQL by a fast shutdown (SIGINT), and waits 20 seconds at most. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode) return;
  const exit = new Promise((done) => server.once('exit', done));
  server.kill('SIGINT');
  await Promise.race([exit, sleep(stopSeconds * 1000, undefined, { ref: false })]);
}

/**
 * Starts the database of a data folder, or attaches to it when a running server has started it.
 *
 * @param runtimeFolder where the folder of the socket is created
 * @throws DataFolderTaken when another process owns the data folder
 * @throws EmbeddedPostgresFailed when PostgreSQL cannot run here
 */
export async function startEmbeddedPostgres(
  dataFolder: string,
  runtimeFolder: string,
  { role, onStep }: { role: ProcessRole; onStep: OnStep },
): Promise<EmbeddedPostgres> {
  const home = resolve(ensurePrivateFolder(dataFolder));
  const owner = await acquireDataFolder(home, { role, onStep });
  if ('socket' in owner) return { url: urlOf(owner.socket), isAttached: true, stop: async () => {} };
  try {
    const binaries = await findBinaries();
    const libraries = libraryPath(binaries, home);
    const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...(libraries && { LD_LIBRARY_PATH: libraries }) };
    const launcher = findLauncher();
    const cluster = { binaries, launcher, environment, folder: join(home, 'postgres') };
    if (!existsSync(cluster.folder)) {
      onStep('making_database');
      await createCluster(cluster);
    }
    onStep('starting_database');
    await stopOrphan(cluster.folder);
    const socket = ensureSocketFolder(runtimeFolder, home, launcher.runsAs?.uid);
    if (launcher.runsAs) chmodSync(home, 0o711);
    const server = startServer(cluster, socket, home);
    await waitUntilReady(server, cluster.folder, home);
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
