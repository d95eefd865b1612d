/** A folder of examples/ that is copied away runs by its own package.json, with the dependencies it names and no others. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sendRequest } from '../support/browser.ts';
import { temporaryFolder } from '../support/cleanup.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { freePort } from '../support/listen.ts';
import { endOf, startNode } from '../support/processes.ts';
import { startSites, type Sites } from '../support/sites.ts';

interface Manifest {
  private: boolean;
  type: string;
  engines: { node: string };
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const names = ['site-a', 'site-b', 'site-c', 'machine'];
const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
const root = manifestIn('.');

/** Copies the folder out of the checkout, and links what its package.json names. */
function copyAway(name: string): string {
  const folder = join(temporaryFolder(), name);
  cpSync(join('examples', name), folder, { recursive: true });
  for (const dependency of Object.keys(manifestIn(folder).dependencies)) {
    const link = join(folder, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules', dependency), link);
  }
  return folder;
}

/** Runs a script of the package, `node [flags] file`, with the settings in `.env`. */
function runScript(folder: string, script: string, settings: Record<string, string>): ChildProcess {
  const [program, ...args] = manifestIn(folder).scripts[script]!.split(' ');
  expect(program).toBe('node');
  const lines = Object.entries(settings).map(([name, value]) => `${name}="${value}"`);
  const example = readFileSync(join(folder, 'example.env'), 'utf8');
  writeFileSync(join(folder, '.env'), `${example}\n${lines.join('\n')}\n`);
  // The issuer of the test has a name that Node does not know.
  const environment = { NODE_OPTIONS: `--import=${join(process.cwd(), 'examples/localhost-names.ts')}` };
  const child = startNode(args, environment, folder);
  child.stderr!.pipe(process.stderr);
  return child;
}

let frontdesk: Frontdesk;
let sites: Sites;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  sites = await startSites(frontdesk);
});

test.each(names)('%s names the versions that the checkout has', (name) => {
  const { private: isPrivate, type, engines, dependencies } = manifestIn(join('examples', name));
  expect({ isPrivate, type, engines }).toEqual({ isPrivate: true, type: 'module', engines: { node: '>=22.18' } });
  const tested = { ...root.devDependencies, ...root.dependencies };
  for (const [dependency, version] of Object.entries(dependencies)) {
    expect([dependency, version]).toEqual([dependency, tested[dependency]]);
  }
});

test.each([
  ['site-a', 'start', '/sign-in', 302],
  ['site-b', 'start', '/', 200],
  ['site-b', 'start:api', '/', 401],
  ['site-c', 'start', '/sign-in', 303],
])('%s copied away: npm run %s', async (name, script, path, status) => {
  const port = await freePort();
  const settings = { ISSUER: frontdesk.issuer, SITE_URL: `http://localhost:${port}`, PORT: String(port) };
  await once(runScript(copyAway(name), script, settings).stdout!, 'data');
  const response = await sendRequest(`http://localhost:${port}${path}`);
  expect(response.status).toBe(status);
  if (path === '/sign-in') expect(response.location).toMatch(`${frontdesk.issuer}/oauth/authorize?`);
});

test('machine copied away: npm start', async () => {
  const program = runScript(copyAway('machine'), 'start', sites.machine);
  let printed = '';
  program.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  expect(await endOf(program)).toBe(0);
  expect(printed).toContain('answered 200');
});
