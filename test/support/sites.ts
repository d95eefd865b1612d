/** Starts the example sites and their APIs as processes. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { app, audience, notesApi } from './people-and-apps.ts';
import type { Frontdesk } from './frontdesk.ts';
import { freePort } from './listen.ts';
import { terminate, startNode } from './processes.ts';

export interface Sites {
  siteA: string;
  siteB: string;
  /** A third-party site, which needs consent and has no logout URI. */
  siteC: string;
  apis: string[];
  /** Environment for the machine-to-machine script. */
  machine: Record<string, string>;
  /** Stops the process of site A, which keeps its sessions in memory only. */
  stopSiteA(): Promise<void>;
  startSiteA(): Promise<void>;
}

const examples = join(process.cwd(), 'examples');

export function runExample(file: string, environment: Record<string, string>): ChildProcess {
  const child = startNode(['--import', join(examples, 'localhost-names.ts'), join(examples, file)], environment);
  child.stderr!.pipe(process.stderr);
  return child;
}

/** Waits until an example listens, when it prints its first line. */
const untilListening = ({ stdout }: ChildProcess) => once(stdout!, 'data');

/** Registers the sites as the demo does and starts them. */
export async function startSites(frontdesk: Frontdesk): Promise<Sites> {
  const portA = await freePort(5);
  const [portB, portC, port1, port2] = [portA + 1, portA + 2, portA + 3, portA + 4];
  const siteA = `http://site-a.localhost:${portA}`;
  const siteB = `http://site-b.localhost:${portB}`;
  const siteC = `http://site-c.localhost:${portC}`;
  const apis = [`http://api-1.localhost:${port1}/`, `http://api-2.localhost:${port2}/`];
  await notesApi(frontdesk);
  const a = await app(frontdesk, {
    id: 'site-a',
    name: 'Site A',
    isFirstParty: true,
    redirectUris: [`${siteA}/callback`],
    backChannelLogoutUri: `${siteA}/back-channel-logout`,
  });
  const b = { id: 'site-b', name: 'Site B', kind: 'single-page' as const, apis: [{ audience }] };
  await app(frontdesk, { ...b, isFirstParty: true, redirectUris: [`${siteB}/callback`] });
  const c = await app(frontdesk, { id: 'site-c', name: 'Site C', redirectUris: [`${siteC}/callback`] });
  const report = await app(frontdesk, { id: 'report', kind: 'machine', apis: [{ audience }] });

  const common = { ISSUER: frontdesk.issuer, API_AUDIENCE: audience, API_URLS: apis.join(' ') };
  const ofA = { SITE_URL: siteA, CLIENT_ID: 'site-a', CLIENT_SECRET: a.secret!, PORT: String(portA) };
  const ofC = { SITE_URL: siteC, CLIENT_ID: 'site-c', CLIENT_SECRET: c.secret!, PORT: String(portC) };
  const startA = () => runExample('site-a/server.ts', { ...common, ...ofA });
  const processes = [
    startA(),
    runExample('site-b/server.ts', { ...common, SITE_URL: siteB, CLIENT_ID: 'site-b', PORT: String(portB) }),
    runExample('site-c/server.ts', { ...common, ...ofC }),
    ...[port1, port2].map((port, index) =>
      runExample('site-b/api.ts', { ...common, API_NAME: `api-${index + 1}`, SITE_ORIGIN: siteB, PORT: String(port) }),
    ),
  ];
  await Promise.all(processes.map(untilListening));
  return {
    siteA,
    siteB,
    siteC,
    apis,
    machine: { ...common, CLIENT_ID: 'report', CLIENT_SECRET: report.secret! },
    async stopSiteA() {
      await terminate(processes[0]!);
    },
    async startSiteA() {
      processes[0] = startA();
      await untilListening(processes[0]);
    },
  };
}
