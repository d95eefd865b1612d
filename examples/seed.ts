/** The accounts, the API and the apps of the demo, made with the `frontdesk` program as an operator makes them. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apis, audience, dataFolder, seedFile, siteA, siteB, siteC } from './addresses.ts';

export const password = 'walk in at the front desk';
export const program = join(import.meta.dirname, '../bin/frontdesk.js');

export interface Seed {
  siteASecret: string;
  siteCSecret: string;
  machineSecret: string;
}

/** The stored secrets of the apps; undefined when not all apps are registered in the demo's folder. */
export function readSeed(): Seed | undefined {
  if (!existsSync(seedFile)) return undefined;
  const seed = JSON.parse(readFileSync(seedFile, 'utf8')) as Partial<Seed>;
  return seed.siteASecret && seed.siteCSecret && seed.machineSecret ? (seed as Seed) : undefined;
}

/**
 * Creates the demo's folder. Deletes it first when `isFresh`, or when not all apps are registered in it.
 *
 * @throws Error when the folder holds a database that the demo did not make
 */
export function prepareFolder(isFresh: boolean): void {
  if (existsSync(join(dataFolder, 'postgres')) && !existsSync(seedFile)) {
    throw new Error(`The demo did not make the database in ${dataFolder}. Set DEMO_DATA_DIR to another folder.`);
  }
  if (existsSync(seedFile) && (isFresh || !readSeed())) rmSync(dataFolder, { recursive: true });
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  // This file marks the folder as the demo's.
  if (!existsSync(seedFile)) writeFileSync(seedFile, '{}', { mode: 0o600 });
}

/** Runs a `frontdesk` command and returns its output. @throws Error with its standard error output */
async function runFrontdesk(settings: NodeJS.ProcessEnv, args: string[], input = ''): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], { env: settings });
  child.stdin.end(`${input}\n`);
  const printed = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.error += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`frontdesk ${args.slice(0, 2).join(' ')} failed: ${printed.error}`);
  return printed.out;
}

/** Registers accounts, API and apps, and stores the secrets. @param settings environment of the running server */
export async function makeSeed(settings: NodeJS.ProcessEnv): Promise<Seed> {
  const account = (email: string, name: string, username: string) =>
    runFrontdesk(
      settings,
      ['accounts', 'create', '--email', email, '--name', name, '--username', username, '--email-verified'],
      password,
    );
  const client = async (...args: string[]) => {
    const printed = await runFrontdesk(settings, ['clients', 'register', '--json', ...args]);
    return (JSON.parse(printed) as { client_secret?: string }).client_secret ?? '';
  };
  const addresses = (site: string) => [
    ...['--uri', site, '--redirect-uri', `${site}/callback`, '--post-logout-redirect-uri', `${site}/`],
  ];
  await Promise.all([
    account('ann@example.com', 'Ann Archer', 'ann'),
    account('ben@example.com', 'Ben Baker', 'ben'),
    runFrontdesk(settings, ['apis', 'register', audience, '--name', 'Notes', '--scope', 'notes:read=Read your notes']),
  ]);
  const [siteASecret, siteCSecret, machineSecret] = await Promise.all([
    client(
      ...['--id', 'site-a', '--name', 'Site A', '--kind', 'web', '--first-party', ...addresses(siteA)],
      ...['--back-channel-logout-uri', `${siteA}/back-channel-logout`],
    ),
    client('--id', 'site-c', '--name', 'Site C', '--kind', 'web', ...addresses(siteC)),
    client('--id', 'report', '--name', 'Nightly report', '--kind', 'machine', '--api', audience),
    client(
      ...['--id', 'site-b', '--name', 'Site B', '--kind', 'single-page', '--first-party', ...addresses(siteB)],
      ...['--api', audience],
    ),
  ]);
  const seed = { siteASecret, siteCSecret, machineSecret };
  writeFileSync(seedFile, JSON.stringify(seed), { mode: 0o600 });
  return seed;
}

/** The file and the environment of each process of the examples. */
export const examplesOf = ({ siteASecret, siteCSecret }: Seed, issuer: string) => {
  const api = { ISSUER: issuer, API_AUDIENCE: audience };
  const at = (address: string) => ({ SITE_URL: address, PORT: new URL(address).port });
  return [
    {
      file: 'site-a/server.ts',
      settings: { ISSUER: issuer, CLIENT_ID: 'site-a', CLIENT_SECRET: siteASecret, ...at(siteA) },
    },
    { file: 'site-b/server.ts', settings: { ...api, CLIENT_ID: 'site-b', API_URLS: apis.join(' '), ...at(siteB) } },
    {
      file: 'site-c/server.ts',
      settings: { ISSUER: issuer, CLIENT_ID: 'site-c', CLIENT_SECRET: siteCSecret, ...at(siteC) },
    },
    ...apis.map((address, index) => ({
      file: 'site-b/api.ts',
      settings: { ...api, API_NAME: `api-${index + 1}`, SITE_ORIGIN: siteB, PORT: new URL(address).port },
    })),
  ];
};
