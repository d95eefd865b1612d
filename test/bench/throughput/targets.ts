/** The providers that a run compares. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ann, app, audience, notesApi } from '../../support/people-and-apps.ts';
import { freePort } from '../../support/listen.ts';
import { startServers } from '../../support/servers.ts';
import type { BenchDatabase } from './database.ts';
import { bareSecret } from './bare-clients.ts';
import { pin, providerProcessor, startScript, type Target } from './target.ts';

/** PostgreSQL of this run: the embedded one, which all databases of the bench are in. */
function databasePid(): number {
  const { folder, server } = globalThis.testRun;
  if (!server) throw new Error('the bench measures the embedded PostgreSQL: unset DATABASE_URL');
  return Number(readFileSync(join(folder, 'database', 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

const databaseNameOf = (url: string): string => /\/([^/?]+)(\?|$)/.exec(url)![1]!;

/**
 * One `frontdesk serve`, on a database of its own, by its Unix socket.
 *
 * @param database server that the database is on; the embedded one of the run by default
 */
export async function startFrontdeskTarget(database?: BenchDatabase): Promise<Target> {
  const postgres = database?.pid ?? databasePid();
  pin(postgres, providerProcessor);
  const frontdesk = await startServers(1, async (preparing) => {
    await notesApi(preparing);
    await ann(preparing);
    const registered = await app(preparing, { id: 'app', isFirstParty: true, apis: [{ audience }] });
    const machine = await app(preparing, {
      id: 'machine',
      kind: 'machine',
      apis: [{ audience, scopes: ['notes:read'] }],
    });
    return { app: registered, machine, issuer: preparing.issuer };
  });
  const server = frontdesk.servers[0]!;
  // The first start has applied what only a first start does.
  await server.stop();
  const start = performance.now();
  await server.start();
  const startMilliseconds = performance.now() - start;
  pin(server.pid, providerProcessor);
  return {
    name: 'Frontdesk',
    ...frontdesk.prepared,
    port: server.port,
    pid: server.pid,
    databasePid: postgres,
    databaseName: databaseNameOf(frontdesk.databaseUrl),
    hasPasswords: true,
    about: 'one process as it comes; JWT access tokens of machines ES256, ID tokens RS256',
    startMilliseconds,
    close: () => frontdesk.close(),
  };
}

/** oidc-provider alone, with its storage in memory. */
export async function startBareLibrary(): Promise<Target> {
  const port = await freePort();
  const script = await startScript('bare-library.ts', { PORT: String(port) });
  const redirectUri = 'http://app.localhost:9/callback';
  return {
    name: 'bare library',
    issuer: `http://idp.localhost:${port}`,
    port,
    pid: script.pid,
    startMilliseconds: script.startMilliseconds,
    about: 'oidc-provider with its storage in memory, the same algorithms and lifetimes; nobody to check, no pages',
    databasePid: undefined,
    app: { id: 'app', secret: bareSecret, redirectUri },
    machine: { id: 'machine', secret: bareSecret, redirectUri },
    hasPasswords: false,
    close: () => script.close(),
  };
}
