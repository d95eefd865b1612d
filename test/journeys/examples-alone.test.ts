/** Tests that a copy of an example outside of the checkout runs with the dependencies of its package.json. */
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

/** Copies an example out of the checkout, and links its dependencies. @returns the folder of the copy */
function copyExample(name: string): string {
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
  // Node may not resolve the host name of the issuer, *.localhost.
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

test.each(names)('package.json of %s has the versions of the checkout', (name) => {
  const { private: isPrivate, type, engines, dependencies } = manifestIn(join('examples', name));
  expect({ isPrivate, type, engines }).toEqual({ isPrivate: true, type: 'module', engines: { node: '>=22.18' } });
  const versions = { ...root.devDependencies, ...root.dependencies };
  for (const [dependency, version] of Object.entries(dependencies)) {
    expect([dependency, version]).toEqual([dependency, versions[dependency]]);
  }
});

test.each([
  ['site-a', 'start', '/sign-in', 302],
  ['site-b', 'start', '/', 200],
  ['site-b', 'start:api', '/', 401],
  ['site-c', 'start', '/sign-in', 303],
])('a copy of %s runs by npm run %s', async (name, script, path, status) => {
  const port = await freePort();
  const settings = { ISSUER: frontdesk.issuer, SITE_URL: `http://localhost:${port}`, PORT: String(port) };
  await once(runScript(copyExample(name), script, settings).stdout!, 'data');
  const response = await sendRequest(`http://localhost:${port}${path}`);
  expect(response.status).toBe(status);
  if (path === '/sign-in') expect(response.location).toMatch(`${frontdesk.issuer}/oauth/authorize?`);
});

test('a copy of machine runs by npm start', async () => {
  const program = runScript(copyExample('machine'), 'start', sites.machine);
  let printed = '';
  program.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  expect(await endOf(program)).toBe(0);
  expect(printed).toContain('answered 200');
});
