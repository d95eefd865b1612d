/** Runs the embedded PostgreSQL on the data folder, when no DATABASE_URL is set. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireDataFolder, type Ownership, type ProcessRole } from './data-folder.ts';
import { LocalFailure } from './local-failure.ts';
import { checkCluster, createCluster, failureOfServer, frontdesk, type Cluster } from './postgres-cluster.ts';
import { findBinaries, findLauncher, libraryPath } from './postgres-program.ts';
import { ensurePrivateFolder, readFileIfExists, ensureSocketFolder } from './private-folder.ts';
import type { OnStep } from './progress.ts';

export interface EmbeddedPostgres {
  /** `postgres://…`, by the Unix socket. */
  url: string;
  /** Whether a running server owns the database. That server has applied the migrations. */
  isAttached: boolean;
  /** Resolves when the database has ended by itself and cannot be started again. */
  failure: Promise<Error>;
  /** Stops the database if this process started it. */
  stop: () => Promise<void>;
}

const startSeconds = 30;
const stopSeconds = 20;
/** A database that ends by itself more often than this within a minute is not started again. */
const maxRestarts = 2;
const restartMilliseconds = 60_000;
const retryMilliseconds = 500;

const urlOf = (socket: string): string => `postgres://${frontdesk}@/${frontdesk}?host=${encodeURIComponent(socket)}`;

/** Lines 1 and 8 of `postmaster.pid`: process id and status. Undefined when no server runs on the folder. */
function readPidFile(folder: string): { pid: number; isReady: boolean } | undefined {
  const lines = readFileIfExists(join(folder, 'postmaster.pid'))?.split('\n');
  return lines && { pid: Number(lines[0]), isReady: lines[7]?.trim() === 'ready' };
}

/** Stops a server of this folder that outlived its owner. @throws LocalFailure after 20 seconds */
async function stopOrphan(folder: string): Promise<void> {
  const orphan = readPidFile(folder);
  if (!orphan) return;
  const deadline = Date.now() + stopSeconds * 1000;
  while (isPostgres(orphan.pid) && readPidFile(folder)?.pid === orphan.pid) {
    process.kill(orphan.pid, 'SIGINT');
    await sleep(100);
    if (Date.now() > deadline) throw new LocalFailure('postgres_still_runs', { pid: orphan.pid, folder });
  }
}

function isPostgres(pid: number): boolean {
  const status = process.platform === 'linux' ? `/proc/${pid}/comm` : undefined;
  if (status) return existsSync(status) && readFileSync(status, 'utf8').startsWith('postgres');
  return spawnSync('ps', ['-p', String(pid), '-o', 'comm=']).stdout.includes('postgres');
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

function spawnServer(cluster: Cluster, socket: string, isRestart: boolean): ChildProcess {
  const { binaries, launcher, environment: env, folder, log } = cluster;
  const options = ['listen_addresses=', `max_connections=${cluster.maxConnections}`, 'shared_buffers=64MB', 'jit=off'];
  options.push('dynamic_shared_memory_type=mmap', 'timezone=UTC', 'log_timezone=UTC', 'log_statement=none');
  const command = [binaries.postgres, '-D', folder, '-k', socket];
  const [program, ...args] = [...launcher.prefix, ...command, ...options.flatMap((option) => ['-c', option])];
  const output = openSync(log, isRestart ? 'a' : 'w', 0o600);
  // In its own process group it does not get the signal of Ctrl-C: this process finishes requests first, and then stops it.
  const stdio = ['ignore', output, output] as const;
  const server = spawn(program!, args, { ...launcher.runsAs, env, detached: true, stdio: [...stdio] });
  closeSync(output);
  return server;
}

/** @throws LocalFailure when the server exits, or is not ready after 30 seconds */
async function startServer(cluster: Cluster, socket: string, isRestart = false): Promise<ChildProcess> {
  const server = spawnServer(cluster, socket, isRestart);
  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    const current = readPidFile(cluster.folder);
    if (current?.pid === server.pid && current?.isReady) return server;
    if (hasEnded(server) || Date.now() > deadline) {
      await stopServer(server);
      throw failureOfServer(cluster, 'postgres_not_started');
    }
    await sleep(10);
  }
}

/** Stops PostgreSQL by a fast shutdown (SIGINT), and waits 20 seconds at most. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  const exit = new Promise((done) => server.once('exit', done));
  server.kill('SIGINT');
  await Promise.race([exit, sleep(stopSeconds * 1000, undefined, { ref: false })]);
}

/**
 * Runs PostgreSQL, and starts it again when it ends by itself.
 *
 * @returns when it is ready for the first time
 * @throws LocalFailure when it does not become ready
 */
async function runServer(cluster: Cluster, socket: string, owner: Ownership, onStep: OnStep) {
  let server = await startServer(cluster, socket);
  let isStopping = false;
  let restarting: Promise<void> = Promise.resolve();
  const failure = Promise.withResolvers<Error>();
  const endedAt: number[] = [];

  /** Repeats the start: processes of the server that was killed may use its memory for a moment. */
  async function startAgain(): Promise<void> {
    const deadline = Date.now() + startSeconds * 1000;
    for (;;) {
      if (isStopping) return;
      try {
        server = await startServer(cluster, socket, true);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(retryMilliseconds);
      }
    }
  }

  async function restart(): Promise<void> {
    endedAt.push(Date.now());
    const isTooOften = endedAt.filter((time) => Date.now() - time < restartMilliseconds).length > maxRestarts;
    if (isTooOften) throw failureOfServer(cluster, 'database_stopped');
    onStep('restarting_database');
    // Commands wait meanwhile.
    owner.announce(undefined);
    await startAgain();
    owner.announce(socket);
    watch();
  }

  function watch(): void {
    const onExit = () => {
      if (!isStopping) restarting = restart().catch(failure.resolve);
    };
    if (hasEnded(server)) onExit();
    else server.once('exit', onExit);
  }

  owner.announce(socket);
  watch();
  const stop = async () => {
    isStopping = true;
    await restarting;
    await stopServer(server);
  };
  return { failure: failure.promise, stop };
}

/**
 * Starts the database of a data folder, or attaches to it when a running server has started it.
 *
 * @param runtimeFolder where the folder of the socket is created
 * @throws LocalFailure when another process owns the data folder, or PostgreSQL cannot run on it
 */
export async function startEmbeddedPostgres(
  dataFolder: string,
  runtimeFolder: string,
  { role, maxConnections = 60, onStep }: { role: ProcessRole; maxConnections?: number; onStep: OnStep },
): Promise<EmbeddedPostgres> {
  const home = resolve(ensurePrivateFolder(dataFolder));
  const owner = await acquireDataFolder(home, { role, onStep });
  const never = new Promise<Error>(() => {});
  if ('socket' in owner) return { url: urlOf(owner.socket), isAttached: true, failure: never, stop: async () => {} };
  try {
    const binaries = await findBinaries();
    const libraries = libraryPath(binaries, home);
    const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...(libraries && { LD_LIBRARY_PATH: libraries }) };
    const launcher = findLauncher();
    const log = join(home, 'postgres.log');
    const cluster = { binaries, launcher, environment, folder: join(home, 'postgres'), log, maxConnections };
    if (!existsSync(cluster.folder)) {
      onStep('making_database');
      await createCluster(cluster);
    }
    checkCluster(cluster);
    onStep('starting_database');
    await stopOrphan(cluster.folder);
    const socket = ensureSocketFolder(runtimeFolder, home, launcher.runsAs?.uid);
    if (launcher.runsAs) chmodSync(home, 0o711);
    const { failure, stop } = await runServer(cluster, socket, owner, onStep);
    const stopAll = async () => {
      await stop();
      rmSync(socket, { recursive: true, force: true });
      owner.release();
    };
    return { url: urlOf(socket), isAttached: false, failure, stop: stopAll };
  } catch (error) {
    owner.release();
    throw error;
  }
}
