/** Installs clients into a folder outside of the repository, once: later runs need no network. */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './processes.ts';

export interface Installation {
  version: string;
  folder: string;
}

/** A client cannot be installed on this machine. It counts as skipped, not as working. */
export class NotInstalled extends Error {
  override readonly name = 'NotInstalled';
}

export const cacheFolder = join(process.env['XDG_CACHE_HOME'] || tmpdir(), 'frontdesk-interop');

/** Calls `fill` for a new folder, unless an earlier run has filled one from the same recipe. @throws NotInstalled */
async function installOnce(name: string, recipe: unknown, fill: (folder: string, log: string) => Promise<void>) {
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder, `${name}-${digest}`);
  const marker = join(folder, '.installed');
  if (existsSync(marker)) return folder;
  mkdirSync(folder, { recursive: true });
  const log = join(cacheFolder, `${name}-install.log`);
  try {
    await fill(folder, log);
  } catch (error) {
    throw new NotInstalled(`${(error as Error).message} (see ${log})`);
  }
  writeFileSync(marker, '');
  return folder;
}

type Versions = Record<string, string>;

const firstOf = (versions: Versions): string => Object.values(versions)[0]!;

/**
 * Packages from npm, with `app.js` of the client's folder, which imports them. The version is that of the first package,
 * here and in the functions below.
 */
export async function npmApp(name: string, packages: Versions): Promise<Installation> {
  const folder = await installOnce(name, { npm: packages }, async (into, log) => {
    const manifest = { private: true, type: 'module', dependencies: packages };
    writeFileSync(join(into, 'package.json'), JSON.stringify(manifest));
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { folder: into, log });
  });
  copyFileSync(join(import.meta.dirname, 'clients', name, 'app.js'), join(folder, 'app.js'));
  return { version: firstOf(packages), folder };
}

/** Packages from PyPI, in a virtual environment: `FOLDER/bin/python`. */
export async function pip(name: string, packages: Versions): Promise<Installation> {
  const folder = await installOnce(name, { pip: packages }, async (into, log) => {
    await run('python3', ['-m', 'venv', into], { log });
    const pinned = Object.entries(packages).map((pair) => pair.join('=='));
    await run(join(into, 'bin/pip'), ['install', '--disable-pip-version-check', ...pinned], { log });
  });
  return { version: firstOf(packages), folder };
}

/** A program of a Go module, as `FOLDER/PROGRAM`. */
export async function goProgram(name: string, program: string, version: string): Promise<Installation> {
  const folder = await installOnce(name, { go: program, version }, async (into, log) => {
    await run('go', ['install', `${program}@${version}`], { log, environment: { GOBIN: into } });
  });
  return { version, folder };
}

/** A program of our own on Go modules, as `FOLDER/app`. */
export async function goSource(name: string, source: string, modules: Versions): Promise<Installation> {
  const text = readFileSync(source, 'utf8');
  const folder = await installOnce(name, { text, modules }, async (into, log) => {
    writeFileSync(join(into, 'main.go'), text);
    const requirements = Object.entries(modules).map((requirement) => `require ${requirement.join(' ')}\n`);
    writeFileSync(join(into, 'go.mod'), `module app\n\ngo 1.25.0\n\n${requirements.join('')}`);
    await run('go', ['build', '-mod=mod', '-o', 'app', '.'], { folder: into, log });
  });
  return { version: firstOf(modules), folder };
}

/** The Maven project in the client's folder, built in the cache. The version is that of the project's parent. */
export async function mavenApp(name: string): Promise<Installation> {
  const source = join(import.meta.dirname, 'clients', name);
  const pom = readFileSync(join(source, 'pom.xml'), 'utf8');
  const files = readdirSync(join(source, 'src'), { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
  const folder = await installOnce(name, { pom, texts }, async (into, log) => {
    cpSync(source, into, { recursive: true });
    await run('mvn', ['-q', '-B', 'package'], { folder: into, log });
  });
  const [, version = ''] = /<parent>[^]*?<version>([^<]+)/.exec(pom) ?? [];
  return { version, folder };
}

/** A Debian package, installed by apt-get unless the file `installed` exists. The version is that of the distribution. */
export async function debian(name: string, installed: string): Promise<Installation> {
  mkdirSync(cacheFolder, { recursive: true });
  const log = join(cacheFolder, `${name}-install.log`);
  try {
    if (!existsSync(installed)) {
      if (process.getuid?.() !== 0) throw new Error(`only root can install ${name}`);
      const environment = { DEBIAN_FRONTEND: 'noninteractive' };
      await run('apt-get', ['update', '-qq'], { log });
      await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { log, environment });
    }
    return { version: await run('dpkg-query', ['-W', '-f', '${Version}', name], { log }), folder: cacheFolder };
  } catch (error) {
    throw new NotInstalled((error as Error).message);
  }
}

/** A development dependency of this repository. */
export async function devDependency(name: string): Promise<Installation> {
  const folder = join(import.meta.dirname, '../../node_modules', name);
  const { version } = createRequire(import.meta.url)(join(folder, 'package.json')) as { version: string };
  return { version, folder };
}
