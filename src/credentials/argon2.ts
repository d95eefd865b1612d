/**
 * argon2, by the fastest binary that this processor can run: one that `bin/build-argon2.js` has compiled for its vector
 * unit, or the one that the package brings, which runs everywhere and takes twice as long.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

export type Argon2 = typeof import('argon2');

export interface LoadedArgon2 {
  argon2: Argon2;
  /** The vector unit that it was compiled for, or `package`. */
  binary: string;
  /** Why a binary that should be usable is not used. */
  problem?: string;
}

/** What the build writes beside its binaries. */
interface Manifest {
  /** Version of the argon2 package. */
  version: string;
  /** The fastest first. */
  binaries: { name: string; flags: string[]; sha256: string }[];
}

export interface Argon2Options {
  /** Folder of the binaries that were built, with their `manifest.json`. */
  folder: string;
  /** File that names the features of the processor. */
  cpuinfo: string;
}

const defaults: Argon2Options = {
  folder: fileURLToPath(new URL('../../node_modules/.cache/frontdesk-argon2', import.meta.url)),
  cpuinfo: '/proc/cpuinfo',
};

/** Features of the first processor, which Linux requires of all of them; none on other systems. */
function processorFlags(cpuinfo: string): Set<string> {
  const start = Buffer.alloc(16_384);
  let file: number | undefined;
  try {
    // With many processors the whole file takes milliseconds.
    file = openSync(cpuinfo, 'r');
    const text = start.toString('latin1', 0, readSync(file, start));
    return new Set(/^flags\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/));
  } catch {
    return new Set();
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** @returns undefined when nothing was built. @throws Error when it cannot be read */
function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, 'manifest.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : undefined;
}

/** Loads the package with the binary of a folder. @throws Error when the binary cannot be loaded */
function loadFrom(folder: string): Argon2 {
  // node-gyp-build, which loads the binary of the package, looks here first.
  process.env['ARGON2_PREBUILD'] = folder;
  try {
    return require('argon2') as Argon2;
  } finally {
    delete process.env['ARGON2_PREBUILD'];
  }
}

/**
 * Loads argon2. A binary for features that the processor lacks is never loaded, since it would end the process (SIGILL);
 * one that is damaged, or for another version of the package, another Node or another C library, is passed over.
 */
export function loadArgon2({ folder, cpuinfo }: Argon2Options = defaults): LoadedArgon2 {
  let problem: string | undefined;
  try {
    const manifest = readManifest(folder);
    const flags = manifest && processorFlags(cpuinfo);
    const best = manifest?.binaries.find((binary) => binary.flags.every((flag) => flags!.has(flag)));
    if (best) {
      const { version } = require('argon2/package.json') as { version: string };
      const own = join(folder, best.name);
      const digest = createHash('sha256')
        .update(readFileSync(join(own, 'build/Release/argon2.node')))
        .digest('hex');
      if (manifest!.version !== version) problem = `it was built for argon2 ${manifest!.version}`;
      else if (digest !== best.sha256) problem = 'its digest is another than when it was built';
      else return { argon2: loadFrom(own), binary: best.name };
    }
  } catch (error) {
    problem = (error as Error).message;
  }
  return { argon2: require('argon2') as Argon2, binary: 'package', ...(problem !== undefined && { problem }) };
}
