/** A PostgreSQL server that a test can stop in several ways, start again, and freeze. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { findBinaries, findLauncher, libraryPath } from '../../src/platform/postgres-program.ts';
import { readFileIfExists } from '../../src/platform/private-folder.ts';
import { closeAfterwards } from './cleanup.ts';
import { becomes, eventually } from './eventually.ts';
import { childrenOf, isRunning } from './process-usage.ts';
import { hasEnded } from './processes.ts';

/** The shutdown modes of PostgreSQL `fast` (SIGINT) and `immediate` (SIGQUIT), or SIGKILL of all of its processes. */
export type Shutdown = 'fast' | 'immediate' | 'crash';

export interface PostgresServer {
  /** `postgres://…`, with the Unix socket as host. */
  url: string;
  /** Process id of the postmaster; undefined when it has ended. */
  readonly pid: number | undefined;
  /** Resolves once it accepts connections. */
  start(): Promise<void>;
  stop(how: Shutdown): Promise<void>;
  /** Stops all of its processes (SIGSTOP): connections stay open, without responses. */
  freeze(): void;
  /** Continues them (SIGCONT). */
  thaw(): void;
}

export interface PostgresServerOptions {
  /** Settings of the server, such as `max_connections=30`. */
  settings?: string[];
  /** Program and arguments that run the command, such as `nsenter`. */
  prefix?: string[];
  /** Port on 127.0.0.1, beside the Unix socket; it listens on none by default. */
  tcpPort?: number;
}

const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
/** As `frontdesk serve` sets them (platform/embedded-postgres.ts). */
const defaults = [
  'listen_addresses=',
  'max_connections=60',
  'shared_buffers=64MB',
  'jit=off',
  'dynamic_shared_memory_type=mmap',
  'timezone=UTC',
  'log_timezone=UTC',
];

/** Makes a database cluster as `frontdesk serve` does. @param home an empty folder @returns the cluster's folder */
export async function makeCluster(home: string): Promise<string> {
  const embedded = await startEmbeddedPostgres(home, home, { role: 'command', onStep: () => {} });
  await embedded.stop();
  return join(home, 'postgres');
}

/**
 * Starts a server.
 *
 * @param home folder for its log, and for its socket
 * @param cluster folder of the database cluster, in the mount namespace of the server
 */
export async function startPostgresServer(
  home: string,
  cluster: string,
  { settings = [], prefix = [], tcpPort }: PostgresServerOptions = {},
): Promise<PostgresServer> {
  const binaries = await findBinaries();
  const libraries = libraryPath(binaries, home);
  const launcher = findLauncher();
  const socket = join(home, 's');
  mkdirSync(socket, { mode: 0o700 });
  if (launcher.runsAs) {
    chownSync(socket, launcher.runsAs.uid, launcher.runsAs.gid);
    chmodSync(home, 0o711);
  }
  const tcp = tcpPort === undefined ? [] : ['listen_addresses=127.0.0.1', `port=${tcpPort}`];
  const options = [...defaults, ...tcp, ...settings].flatMap((setting) => ['-c', setting]);
  const command = [...prefix, ...launcher.prefix, binaries.postgres, '-D', cluster, '-k', socket, ...options];
  let child: ChildProcess | undefined;

  const allPids = () => (child?.pid === undefined ? [] : [child.pid, ...childrenOf(child.pid)]);
  const signalAll = (signal: NodeJS.Signals) => {
    for (const pid of allPids()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  };

  /** Whether the postmaster has written that it accepts connections. */
  const isReady = () => {
    if (!child || hasEnded(child)) throw new Error(`PostgreSQL ended: ${readFileSync(join(home, 'log'), 'utf8')}`);
    const lines = readFileIfExists(pidFile())?.split('\n') ?? [];
    return Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready';
  };
  // In another mount namespace the path is below the root of the server process.
  const pidFile = () => join(prefix.length > 0 ? `/proc/${child!.pid}/root` : '/', cluster, 'postmaster.pid');

  const server: PostgresServer = {
    url: `postgres://frontdesk@/frontdesk?host=${encodeURIComponent(socket)}${tcpPort === undefined ? '' : `&port=${tcpPort}`}`,
    get pid() {
      return child && !hasEnded(child) ? child.pid : undefined;
    },
    async start() {
      const log = openSync(join(home, 'log'), 'a', 0o600);
      const [program, ...args] = command;
      child = spawn(program!, args, {
        ...launcher.runsAs,
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...(libraries && { LD_LIBRARY_PATH: libraries }) },
        detached: true,
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      await eventually(isReady);
    },
    async stop(how) {
      if (!child || hasEnded(child)) return;
      const stopping = child;
      const children = childrenOf(stopping.pid!);
      const ended = once(stopping, 'exit');
      if (how === 'crash') signalAll('SIGKILL');
      else stopping.kill(signals[how]);
      await ended;
      child = undefined;
      // A new postmaster refuses to start while processes of the old one are there.
      await becomes(async () => children.some(isRunning), false);
    },
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
  };
  closeAfterwards(async () => {
    server.thaw();
    await server.stop('immediate');
  });
  await server.start();
  return server;
}
