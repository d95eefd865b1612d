/** `npm run demo`: starts Frontdesk on the embedded database, three sites and two APIs, with two accounts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolder, issuer, ports, siteA, siteB, siteC } from './addresses.ts';
import { examplesOf, makeSeed, password, prepareFolder, program, readSeed } from './seed.ts';

// Only these variables are passed on, so that settings of another deployment in the environment do not apply.
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'XDG_RUNTIME_DIR', 'LANG', 'NODE_OPTIONS', 'SystemRoot'];
const environment = Object.fromEntries(
  passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
);

const frontdesk = {
  ...environment,
  ISSUER: issuer,
  DATA_DIR: dataFolder,
  // Allows logout notices to site A, whose address is neither public nor https, as it would have to be.
  OUTGOING_ALLOWED_HOSTS: '*.localhost',
  LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
};

/** @throws Error that names the ports that are taken */
async function requireFreePorts(): Promise<void> {
  const isFree = (port: number) =>
    new Promise<boolean>((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
  const free = await Promise.all(ports.map(isFree));
  const taken = ports.filter((_port, index) => !free[index]);
  if (taken.length === 0) return;
  throw new Error(
    `Port ${taken.join(', ')} is taken. Does the demo run already? Stop what listens there, or set DEMO_PORT to the first of six other ports.`,
  );
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

async function untilReady(server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error('Frontdesk did not start.');
    try {
      // The IP address is used, because this process may not resolve *.localhost.
      if ((await fetch(`http://127.0.0.1:${ports[0]}/readyz`)).ok) return;
    } catch {
      // The server does not listen yet.
    }
    await sleep(50);
  }
}

const untilListening = (port: number): Promise<void> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => undefined,
    () => sleep(50).then(() => untilListening(port)),
  );

const shownFolder = relative('.', dataFolder).startsWith('..') ? dataFolder : relative('.', dataFolder);

const words = `
  Site A         ${siteA}      one of your apps, rendered on a server
  Site B         ${siteB}      another one: a single page with two APIs (${ports.slice(3, 5).join(', ')})
  Site C         ${siteC}      somebody else's site
  Frontdesk      ${issuer}         where people sign in; /account is their own page

  Sign in as     ann@example.com  (or ben@example.com)
  Password       ${password}

  Try this
    1. Open site A and sign in.
    2. Open site B: you are signed in, without pressing anything. Ask both APIs.
    3. Open site C and sign in: it is not yours, so you are asked what it may see.
    4. At site A, press "Sign out everywhere". A receipt lists each app, and whether it was notified.
    5. A program without a person, in another terminal:  npm run demo:machine

  Names that end in .localhost are this machine to Chrome, Edge and Firefox (Safari: from macOS 26
  on) and to curl 7.85 or newer (older: --resolve idp.localhost:${ports[0]}:127.0.0.1). Node asks the
  system, which may not know them: npx node --import ./examples/localhost-names.ts your-program.js

  Ctrl-C stops everything. Accounts and apps are kept in ${shownFolder}; npm run demo -- --fresh starts over.

Frontdesk is ready`;

async function stop(): Promise<void> {
  for (const child of children) child.kill('SIGTERM');
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  await Promise.all(running.map((child) => new Promise((resolve) => child.once('exit', resolve))));
}

const say = (step: string): void => console.log(`${step}…`);

async function run(): Promise<void> {
  await requireFreePorts();
  prepareFolder(process.argv.includes('--fresh'));
  const existingSeed = readSeed();
  say(existingSeed ? 'Starting Frontdesk' : 'Making the database and starting Frontdesk');
  const server = spawn(process.execPath, [program, 'serve'], { env: frontdesk, stdio: 'inherit' });
  children.push(server);
  await untilReady(server);
  if (!existingSeed) say('Creating two accounts, an API and four apps');
  const seed = existingSeed ?? (await makeSeed(frontdesk));
  say('Starting three sites and two APIs');
  for (const { file, settings } of examplesOf(seed, issuer)) {
    start(join(import.meta.dirname, file), { ...environment, ...settings });
  }
  await Promise.all(ports.slice(1).map(untilListening));
  console.log(words);
}

let isStopping = false;

/** Stops all parts, once. */
async function stopAll(code: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await stop();
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stopAll(0));
try {
  await run();
} catch (error) {
  if (!isStopping) console.error((error as Error).message);
  await stopAll(1);
}
for (const child of children) {
  child.once('exit', (code) => {
    if (!isStopping) console.error(`A part of the demo ended by itself (${String(code)}): stopping the rest.`);
    void stopAll(1);
  });
}
