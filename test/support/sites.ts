/** The two example sites and their APIs, as processes of their own, beside a Frontdesk of the test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { app, audience, notesApi } from './cast.ts';
import { freePort, type Frontdesk } from './frontdesk.ts';

export interface Sites {
  siteA: string;
  siteB: string;
  apis: string[];
  /** Environment for the machine-to-machine script. */
  machine: Record<string, string>;
  close(): Promise<void>;
}

const examples = join(process.cwd(), 'examples');

export function runExample(file: string, environment: Record<string, string>): ChildProcess {
  const names = join(examples, 'localhost-names.ts');
  return spawn(process.execPath, ['--no-warnings', '--import', names, join(examples, file)], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Registers the sites as the demo does and starts them. */
export async function startSites(desk: Frontdesk): Promise<Sites> {
  const [portA, portB, port1, port2] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const [siteA, siteB] = [`http://site-a.localhost:${portA}`, `http://site-b.localhost:${portB}`];
  const apis = [`http://api-1.localhost:${port1}/`, `http://api-2.localhost:${port2}/`];
  await notesApi(desk);
  const a = await app(desk, {
    id: 'site-a',
    name: 'Site A',
    isFirstParty: true,
    redirectUris: [`${siteA}/callback`],
    backChannelLogoutUri: `${siteA}/back-channel-logout`,
  });
  const b = { id: 'site-b', name: 'Site B', kind: 'single-page' as const, apis: [{ audience }] };
  await app(desk, { ...b, redirectUris: [`${siteB}/callback`] });
  const report = await app(desk, { id: 'report', kind: 'machine', apis: [{ audience }] });

  const common = { ISSUER: desk.issuer, API_AUDIENCE: audience, API_URLS: apis.join(' ') };
  const ofA = { SITE_URL: siteA, CLIENT_ID: 'site-a', CLIENT_SECRET: a.secret!, PORT: String(portA) };
  const processes = [
    runExample('site-a/server.ts', { ...common, ...ofA }),
    runExample('site-b/server.ts', { ...common, SITE_URL: siteB, CLIENT_ID: 'site-b', PORT: String(portB) }),
    ...[port1, port2].map((port, index) =>
      runExample('site-b/api.ts', { ...common, API_NAME: `api-${index + 1}`, SITE_ORIGIN: siteB, PORT: String(port) }),
    ),
  ];
  // Each says one line once it listens.
  await Promise.all(processes.map(({ stdout }) => once(stdout!, 'data')));
  return {
    siteA,
    siteB,
    apis,
    machine: { ...common, CLIENT_ID: 'report', CLIENT_SECRET: report.secret! },
    async close() {
      for (const child of processes) child.kill();
      await Promise.all(processes.map(async (child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
    },
  };
}
