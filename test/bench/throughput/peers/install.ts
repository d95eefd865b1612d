/** Puts other providers into a folder outside of the repository, once: later runs need no network. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `frontdesk-bench` in `$XDG_CACHE_HOME`, or in the system's cache folder when that is not set. */
export const cacheFolder = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache'),
  'frontdesk-bench',
);

/**
 * Fills a folder unless an earlier run has filled it.
 *
 * @param name of the folder, with the version
 * @param fill gets the folder, and the log file for the output of the programs that it runs
 * @returns the folder
 */
export async function installOnce(name: string, fill: (folder: string, log: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder, name);
  const marker = join(folder, '.installed');
  if (existsSync(marker)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  process.stderr.write(`Installing ${name} into ${cacheFolder} …\n`);
  await fill(folder, join(cacheFolder, `${name}.log`));
  writeFileSync(marker, '');
  return folder;
}

/** Downloads a file. @param sha256 the expected digest, hex @throws Error when the digest differs */
export async function download(url: string, file: string, sha256: string): Promise<void> {
  const response = await fetch(url).catch((error: Error) => {
    throw new Error(`${url} cannot be fetched: ${(error.cause as Error | undefined)?.message ?? error.message}`);
  });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (digest !== sha256) throw new Error(`${url} has the digest ${digest}`);
}
