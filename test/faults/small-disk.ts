/** A PostgreSQL on a small disk: a tmpfs in a mount namespace, which exists as long as a process in it, the holder. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { closeAfterwards, temporaryFolder } from '../support/cleanup.ts';
import { makeCluster, startPostgresServer, type PostgresServer } from '../support/postgres-server.ts';

export interface SmallDisk {
  postgres: PostgresServer;
  /** Fills the disk. */
  fill(): void;
  /** Frees the space again. */
  free(): void;
}

const diskMegabytes = 256;
/** Runs a command in a mount namespace of its own, and kills it when this process ends. */
const inMountNamespace = [
  'setpriv',
  '--pdeathsig',
  'KILL',
  '--',
  'unshare',
  '--mount',
  '--propagation',
  'private',
  '--',
  'sh',
  '-c',
];
const mount = 'mount -t tmpfs -o size="$1" tmpfs "$2"';

/** @returns what the machine lacks; undefined when a tmpfs can be mounted */
export function missingForSmallDisk(): string | undefined {
  const [program, ...args] = [...inMountNamespace, mount, 'sh', '1m', '/mnt'];
  const { status, stderr } = spawnSync(program, args);
  return status === 0 ? undefined : `no tmpfs can be mounted here: ${stderr?.toString().trim() ?? program}`;
}

export async function startOnSmallDisk(): Promise<SmallDisk> {
  const home = temporaryFolder();
  const disk = join(home, 'disk');
  mkdirSync(disk);
  const cluster = await makeCluster(home);
  const script = `${mount} && cp -a "$3" "$2/cluster" && echo ready && exec sleep infinity`;
  const [program, ...args] = [...inMountNamespace, script, 'sh', `${diskMegabytes}m`, disk, cluster];
  const holder = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  closeAfterwards(async () => {
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
  });
  await once(holder.stdout, 'data');

  const filler = join(`/proc/${holder.pid}/root`, disk, 'filler');
  const postgres = await startPostgresServer(home, join(disk, 'cluster'), {
    prefix: ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--'],
    settings: ['min_wal_size=32MB', 'max_wal_size=32MB'],
  });
  return {
    postgres,
    fill() {
      const file = openSync(filler, 'a');
      for (const size of [1024 * 1024, 4096]) {
        try {
          for (;;) writeSync(file, Buffer.alloc(size));
        } catch {
          // ENOSPC: no space for a block of this size.
        }
      }
      closeSync(file);
    },
    free: () => rmSync(filler, { force: true }),
  };
}
