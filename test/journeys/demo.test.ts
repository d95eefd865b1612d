/** Tests `npm run demo`, on free ports and in a temporary folder. */
import { execSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sendRequest, createBrowser } from '../support/browser.ts';
import { temporaryFolder } from '../support/cleanup.ts';
import { responseParameters, authorize, signIn } from '../support/flow.ts';
import { freePort } from '../support/listen.ts';
import { terminate, endOf, startNode } from '../support/processes.ts';

let port: number;
let folder: string;

beforeAll(async () => {
  port = await freePort(6);
  folder = join(temporaryFolder(), 'demo');
});

/** Starts the demo, and waits until it prints `until` or ends. @returns all that it printed */
async function startDemo(args: string[], until: string): Promise<{ child: ChildProcess; printed: string }> {
  const child = startNode(['examples/start.ts', ...args], {
    DEMO_PORT: String(port),
    DEMO_DATA_DIR: folder,
    PORT: '1',
    ISSUER: 'https://elsewhere.example',
    DATABASE_URL: 'postgres://nowhere',
  });
  let printed = '';
  await new Promise<void>((resolve) => {
    const append = (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes(until)) resolve();
    };
    child.stdout!.on('data', append);
    child.stderr!.on('data', append);
    child.once('exit', () => resolve());
  });
  return { child, printed };
}

/** Signs in at site A, and opens the other sites with the same browser. */
async function openSites(secret: string): Promise<void> {
  const [idp, siteA, siteB, siteC] = [0, 1, 2, 5].map((index) => port + index);
  const issuer = `http://idp.localhost:${idp}`;
  const browser = createBrowser((url) => url.includes('/callback?'));
  const form = await browser.visit(`http://site-a.localhost:${siteA}/sign-in`);
  await browser.send((await signIn(form, 'ann@example.com', secret)).location!);
  expect((await browser.visit(`http://site-a.localhost:${siteA}/`)).text).toContain('Hello, Ann Archer');
  // The authorization request that site B sends when it is opened.
  const b = { id: 'site-b', secret: undefined, redirectUri: `http://site-b.localhost:${siteB}/callback` };
  const request = authorize({ issuer }, b, {
    prompt: 'none',
    scope: 'openid profile email notes:read',
    resource: 'https://api.site-b.example/',
  });
  expect(responseParameters(await browser.visit(request.url))).toMatchObject({ code: expect.any(String) });
  const consentPage = await browser.visit(`http://site-c.localhost:${siteC}/sign-in`);
  expect(consentPage.text).toContain('Site C asks for access');
}

/** Runs a program as the demo says. PATH has the system's Node, which may be older and cannot run TypeScript. */
function runPrintedCommand(printed: string): string {
  const [, command] = /: (npx node --import \S+) your-program\.js/.exec(printed)!;
  const program = join(temporaryFolder(), 'program.mjs');
  writeFileSync(program, `console.log((await fetch('http://idp.localhost:${port}/readyz')).status)`);
  const path = process.env['PATH']!.split(':').filter((each) => !each.includes('node_modules'));
  return execSync(`${command} ${program}`, { env: { ...process.env, PATH: path.join(':') } }).toString();
}

const fetchJwks = async () => (await sendRequest(`http://idp.localhost:${port}/oauth/jwks`)).body;

test('the demo starts, prints its addresses, refuses to run twice, and keeps its data over restarts', async () => {
  const first = await startDemo([], 'Frontdesk is ready');
  expect(first.printed).toMatch(/ann@example\.com[^]*\nFrontdesk is ready\n$/);
  const steps = ['Making the database', 'Creating two accounts', 'Starting three sites'];
  expect(first.printed).toMatch(new RegExp(`^${steps.map((step) => `${step}[^…]*…\n`).join('')}`));
  const [, password] = /Password +(.*)/.exec(first.printed)!;
  expect(readFileSync('README.md', 'utf8')).toContain(`\`${password}\``);
  const hosts = { idp: 0, 'site-a': 1, 'site-b': 2, 'site-c': 5 };
  for (const [name, index] of Object.entries(hosts)) {
    const address = `http://${name}.localhost:${port + index}`;
    expect(first.printed).toContain(address);
    expect((await sendRequest(`${address}/`)).status).toBe(200);
  }
  for (const api of [1, 2])
    expect((await sendRequest(`http://api-${api}.localhost:${port + 2 + api}/`)).status).toBe(401);

  await openSites(password!);
  expect(runPrintedCommand(first.printed)).toBe('200\n');

  const second = await startDemo([], 'never');
  expect(await endOf(second.child)).toBe(1);
  const ports = [0, 1, 2, 3, 4, 5].map((index) => port + index).join(', ');
  expect(second.printed).toContain(`Port ${ports} is taken. Does the demo run already?`);

  const jwksBefore = await fetchJwks();
  expect(await terminate(first.child, 'SIGINT')).toBe(0);
  expect(existsSync(join(folder, 'postgres/postmaster.pid'))).toBe(false);

  const third = await startDemo([], 'Frontdesk is ready');
  expect(third.printed).toMatch(/^Starting Frontdesk…\nStarting three sites/);
  expect(await fetchJwks()).toBe(jwksBefore);
  await terminate(third.child, 'SIGINT');

  const fresh = await startDemo(['--fresh'], 'Frontdesk is ready');
  expect(await fetchJwks()).not.toBe(jwksBefore);
  expect(await terminate(fresh.child, 'SIGTERM')).toBe(0);
});

test('the demo makes its database again when it was interrupted before it had made accounts and apps', async () => {
  // An empty demo.json marks a database without accounts and apps.
  writeFileSync(join(folder, 'demo.json'), '{}');
  const { child, printed } = await startDemo([], '…');
  expect(printed).toBe('Making the database and starting Frontdesk…\n');
  expect(await terminate(child, 'SIGINT')).toBe(0);
});

test('the demo refuses to use or delete a database that it did not make', async () => {
  folder = join(temporaryFolder(), 'own');
  mkdirSync(join(folder, 'postgres'), { recursive: true });
  for (const args of [[], ['--fresh']]) {
    const { child, printed } = await startDemo(args, 'never');
    expect(await endOf(child)).toBe(1);
    expect(printed).toBe(`The demo did not make the database in ${folder}. Set DEMO_DATA_DIR to another folder.\n`);
    expect(existsSync(join(folder, 'postgres'))).toBe(true);
  }
});
