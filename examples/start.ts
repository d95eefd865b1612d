/** `npm run demo`: starts Frontdesk on the embedded database, both sites and their APIs, with two accounts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apis, audience, dataFolder, issuer, ports, seedFile, siteA, siteB } from './addresses.ts';

const root = join(import.meta.dirname, '..');
const password = 'walk in at the front desk';

// Settings of another deployment that are in the environment are not passed on.
const kept = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'XDG_RUNTIME_DIR', 'LANG', 'NODE_OPTIONS', 'SystemRoot'];
const environment = Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

const frontdesk = {
  ...environment,
  ISSUER: issuer,
  DATA_DIR: dataFolder,
  // For logout notices to site A, which is not public and not on https, as apps must be otherwise.
  OUTGOING_ALLOWED_HOSTS: '*.localhost',
  LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
};

async function requireFreePorts(): Promise<void> {
  const isFree = (port: number) =>
    new Promise<boolean>((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
  const free = await Promise.all(ports.map(isFree));
  const taken = ports.filter((_port, index) => !free[index]);
  if (taken.length === 0) return;
  console.error(
    `Port ${taken.join(', ')} is taken. Does the demo run already? Stop what listens there, or set DEMO_PORT to the first of five other ports.`,
  );
  process.exit(1);
}

const children: ChildProcess[] = [];

function start(file: string, settings: NodeJS.ProcessEnv): ChildProcess {
  const names = join(import.meta.dirname, 'localhost-names.ts');
  const child = spawn(process.execPath, ['--import', names, file], {
    env: settings,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}

/** Runs a `frontdesk` command and returns its output. */
async function runFrontdesk(args: string[], input = ''): Promise<string> {
  const program = join(root, 'bin/frontdesk.js');
  const child = spawn(process.execPath, [program, ...args], { env: frontdesk, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(`${input}\n`);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`frontdesk ${args.slice(0, 2).join(' ')} ended with ${String(code)}`);
  return printed;
}

async function untilReady(server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) process.exit(1);
    try {
      // By address: this process does not resolve *.localhost.
      if ((await fetch(`http://127.0.0.1:${ports[0]}/readyz`)).ok) return;
    } catch {
      // Not listening yet.
    }
    await sleep(50);
  }
}

interface Seed {
  siteASecret: string;
  machineSecret: string;
}

/** Creates the accounts, the API and the apps on the first run; later runs reuse them. */
async function seed(): Promise<Seed> {
  if (existsSync(seedFile)) return JSON.parse(readFileSync(seedFile, 'utf8')) as Seed;
  const account = (email: string, name: string, username: string) =>
    runFrontdesk(
      ['accounts', 'create', '--email', email, '--name', name, '--username', username, '--email-verified'],
      password,
    );
  const client = async (...args: string[]) => {
    const printed = await runFrontdesk(['clients', 'register', '--json', ...args]);
    return (JSON.parse(printed) as { client_secret?: string }).client_secret ?? '';
  };
  await Promise.all([
    account('ann@example.com', 'Ann Archer', 'ann'),
    account('ben@example.com', 'Ben Baker', 'ben'),
    runFrontdesk(['apis', 'register', audience, '--name', 'Notes', '--scope', 'notes:read=Read your notes']),
  ]);
  const [siteASecret, machineSecret] = await Promise.all([
    client(
      ...['--id', 'site-a', '--name', 'Site A', '--kind', 'web', '--first-party', '--uri', siteA],
      ...['--redirect-uri', `${siteA}/callback`, '--post-logout-redirect-uri', `${siteA}/`],
      ...['--back-channel-logout-uri', `${siteA}/back-channel-logout`],
    ),
    client('--id', 'report', '--name', 'Nightly report', '--kind', 'machine', '--api', audience),
    client(
      ...['--id', 'site-b', '--name', 'Site B', '--kind', 'single-page', '--uri', siteB, '--api', audience],
      ...['--redirect-uri', `${siteB}/callback`, '--post-logout-redirect-uri', `${siteB}/`],
    ),
  ]);
  const made = { siteASecret: siteASecret, machineSecret: machineSecret };
  writeFileSync(seedFile, JSON.stringify(made), { mode: 0o600 });
  return made;
}

function startSites({ siteASecret }: Seed): void {
  const common = { ...environment, ISSUER: issuer, API_AUDIENCE: audience, API_URLS: apis.join(' ') };
  start(join(import.meta.dirname, 'site-a/server.ts'), {
    ...common,
    ...{ SITE_URL: siteA, CLIENT_ID: 'site-a', CLIENT_SECRET: siteASecret, PORT: new URL(siteA).port },
  });
  start(join(import.meta.dirname, 'site-b/server.ts'), {
    ...common,
    SITE_URL: siteB,
    CLIENT_ID: 'site-b',
    PORT: new URL(siteB).port,
  });
  for (const [index, api] of apis.entries()) {
    const settings = { ...common, API_NAME: `api-${index + 1}`, SITE_ORIGIN: siteB, PORT: new URL(api).port };
    start(join(import.meta.dirname, 'site-b/api.ts'), settings);
  }
}

const untilListening = (port: number): Promise<void> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => undefined,
    () => sleep(50).then(() => untilListening(port)),
  );

const words = `
  Frontdesk      ${issuer}
  Site A         ${siteA}      a server-rendered site
  Site B         ${siteB}      a single-page app, with two APIs at ${ports.slice(3).join(' and ')}

  Sign in as     ann@example.com      or ben@example.com
  Password       ${password}

  Try this
    1. Open site A and sign in.
    2. Open site B: you need not sign in again. It is not a first-party app, so you are
       asked once what it may see.
    3. Ask both APIs. They verify the access token by themselves.
    4. Look at ${issuer}/account/devices, sign out there, and reload site A:
       Frontdesk has called it. Site B notices when it renews its token.
    5. A program without a person:  npm run demo:machine

  Ctrl-C stops everything. Accounts and apps are kept in ${relative('.', dataFolder)}; npm run demo -- --fresh starts over.

Frontdesk is ready`;

async function stop(): Promise<void> {
  for (const child of children) child.kill('SIGTERM');
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  await Promise.all(running.map((child) => new Promise((resolve) => child.once('exit', resolve))));
}

await requireFreePorts();
if (process.argv.includes('--fresh')) rmSync(dataFolder, { recursive: true, force: true });
mkdirSync(dataFolder, { recursive: true, mode: 0o700 });

let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (isStopping) return;
    isStopping = true;
    void stop().then(() => process.exit(0));
  });
}

const server = spawn(process.execPath, [join(root, 'bin/frontdesk.js'), 'serve'], { env: frontdesk, stdio: 'inherit' });
children.push(server);
await untilReady(server);
startSites(await seed());
await Promise.all(ports.slice(1).map(untilListening));
for (const child of children) {
  child.once('exit', (code) => {
    if (isStopping) return;
    isStopping = true;
    console.error(`A part of the demo ended by itself (${String(code)}): stopping the rest.`);
    void stop().then(() => process.exit(1));
  });
}
console.log(words);
