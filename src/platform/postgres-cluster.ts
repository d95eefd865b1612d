/** The folder of the embedded database (PGDATA): creates it, checks it, and finds out why PostgreSQL has failed. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LocalFailure } from './local-failure.ts';
import { majorVersion, type Binaries, type Launcher } from './postgres-program.ts';
import { ensurePrivateFolder, readFileIfExists } from './private-folder.ts';

/** Name of the only user, and of the database. */
export const frontdesk = 'frontdesk';

/** The PostgreSQL programs and the folder of one database cluster. */
export interface Cluster {
  binaries: Binaries;
  launcher: Launcher;
  environment: NodeJS.ProcessEnv;
  /** PGDATA. */
  folder: string;
  /** The file that PostgreSQL logs to. */
  log: string;
  maxConnections: number;
}

const noSpace = /No space left on device|Disk quota exceeded/;
/** Space that PostgreSQL needs to start: one segment of its write-ahead log. */
const minFreeBytes = 16 * 1024 * 1024;

/** Runs a program of PostgreSQL until it exits. @throws LocalFailure */
async function runProgram({ launcher, environment, folder }: Cluster, command: string[], input = ''): Promise<void> {
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
  const output = (printed.error || printed.out).trim();
  if (noSpace.test(output)) throw new LocalFailure('disk_full', { folder: dirname(folder) });
  const code = launcher.runsAs ? 'postgres_program_as_nobody' : 'postgres_program';
  const end = output.split('\n').slice(-5).join('\n');
  throw new LocalFailure(code, { program: basename(command[0]!), output: end }, { cause: error });
}

/** Makes the PostgreSQL user the owner of a folder, with access to its parent folder. */
function giveToServer({ runsAs }: Launcher, folder: string): void {
  if (!runsAs) return;
  chownSync(folder, runsAs.uid, runsAs.gid);
  chmodSync(dirname(folder), 0o711);
}

/** Creates the cluster and the database in a draft folder, and renames it: `cluster.folder` is never incomplete. */
export async function createCluster(cluster: Cluster): Promise<void> {
  const draft = `${cluster.folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  giveToServer(cluster.launcher, ensurePrivateFolder(draft));
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const { initdb, postgres } = cluster.binaries;
  await runProgram(cluster, [initdb, '--auth=trust', `--username=${frontdesk}`, ...locale, '-D', draft]);
  await runProgram(cluster, [postgres, '--single', '-D', draft, 'postgres'], `create database ${frontdesk}\n`);
  renameSync(draft, cluster.folder);
}

/**
 * Checks that this PostgreSQL can use the folder.
 *
 * @throws LocalFailure `no_database`, `folder_of_other_user`, `database_of_other_version`
 */
export function checkCluster({ folder, launcher, binaries }: Cluster): void {
  const found = statSync(folder);
  // PostgreSQL refuses the folder of another user.
  const owner = launcher.runsAs?.uid ?? process.getuid?.() ?? found.uid;
  if (found.uid !== owner) throw new LocalFailure('folder_of_other_user', { folder, uid: found.uid, own: owner });
  const version = found.isDirectory() ? readFileIfExists(join(folder, 'PG_VERSION'))?.trim() : undefined;
  if (version === undefined) throw new LocalFailure('no_database', { folder });
  const own = majorVersion(binaries);
  if (version !== own) throw new LocalFailure('database_of_other_version', { folder, version, own });
}

/** @returns `disk_full` if that is why PostgreSQL ended, or else `code` */
export function failureOfServer(cluster: Cluster, code: 'postgres_not_started' | 'database_stopped'): LocalFailure {
  const { folder, log } = cluster;
  const home = dirname(folder);
  const reason = [...readFileSync(log, 'utf8').matchAll(/(?:FATAL|PANIC): +(.*)/g)].at(-1)?.[1];
  const { bavail, bsize } = statfsSync(home);
  // On a full disk the log may have no reason, or that of an earlier start.
  const isFull = bavail * bsize < minFreeBytes || noSpace.test(reason ?? '');
  return isFull ? new LocalFailure('disk_full', { folder: home }) : new LocalFailure(code, { folder, log });
}
