/** The deployment of a scenario: two processes behind a load balancer that retries nothing, each with its proxy to the database. */
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { createKeyring } from '../../src/platform/secrets.ts';
import { runSql } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import { startNameServer, type NameServer } from '../support/name-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServers } from '../support/servers.ts';
import { createLedger } from './ledger.ts';
import type { Evidence } from './lost-facts.ts';
import { openHasher, populate, siteBHost, type World } from './population.ts';
import { startRotation, type Rotation } from './rotation.ts';
import { createTraffic, type Traffic } from './traffic.ts';

export interface DeploymentOptions {
  /** Further settings of a process, by its index, 0 or 1. */
  settingsOf?: (process: number) => Record<string, string>;
  /** Whether each process reaches the database through a proxy of its own. */
  hasProxies?: boolean;
}

export interface Deployment {
  postgres: PostgresServer;
  world: World;
  evidence: Evidence;
  /** URL of the database itself. */
  databaseUrl: string;
  /** The tool's own connections to the database, not through a proxy. */
  db: Database;
  servers: readonly ServerProcess[];
  proxies: readonly DatabaseProxy[];
  nameServer: NameServer;
  rotation: Rotation;
  traffic: Traffic;
  /** Log lines of the processes with the message `fault`. */
  faultLines: string[];
  close(): Promise<void>;
}

const processes = 2;
/** PostgreSQL role of the processes, apart from that of the tool, so that their connections can be ended and limited. */
export const role = 'server_processes';
/** More than any response may take. */
const timeoutMilliseconds = 30_000;

async function makeRole(url: string): Promise<void> {
  const db = openDatabase({ url, poolSize: 1, isForJobs: true });
  const [existing] = await runSql(db, `select from pg_roles where rolname = '${role}'`);
  if (!existing) await runSql(db, `create role ${role} login in role frontdesk`);
  await db.close();
}

export async function startDeployment(postgres: PostgresServer, options: DeploymentOptions = {}): Promise<Deployment> {
  const traffic = createTraffic();
  const proxies: DatabaseProxy[] = [];
  const faultLines: string[] = [];
  const nameServer = await startNameServer({ [siteBHost]: ['127.0.0.1'] });
  let rotation: Rotation | undefined;
  const running = await startServers(processes, populate, {
    fill: makeRole,
    async settingsOf(process, url) {
      const own = url.replace('//frontdesk@', `//${role}@`);
      if (options.hasProxies) proxies.push(await startDatabaseProxy(own));
      return {
        CLIENT_REGISTRATION: 'token',
        DATABASE_URL: options.hasProxies ? proxies[process]!.url : own,
        SHUTDOWN_DELAY: '3',
        DNS_SERVERS: nameServer.address,
        OUTGOING_ALLOWED_HOSTS: `*.localhost,${siteBHost}`,
        ...options.settingsOf?.(process),
      };
    },
    choosePorts({ issuer, servers }) {
      rotation = startRotation(issuer, servers);
      return () => rotation!.ports();
    },
    balancing: { retries: 0, timeoutMilliseconds, onForwarded: (request) => traffic.record(request) },
    onLine(line) {
      if (line.includes('"msg":"fault"')) faultLines.push(line);
    },
  });
  const { issuer, secret, databaseUrl, db, servers, prepared } = running;
  const operatorDb = openDatabase({ url: databaseUrl, poolSize: 2, isForJobs: true });
  const hasher = await openHasher();
  await rotation!.untilReady(performance.now());
  return {
    postgres,
    world: { ...prepared, issuer, ledger: createLedger(), operatorDb, hasher },
    evidence: { db, keyring: createKeyring([secret]), hasher, receivers: prepared.receivers },
    databaseUrl,
    db,
    servers,
    proxies,
    nameServer,
    rotation: rotation!,
    traffic,
    faultLines,
    async close() {
      await rotation!.stop();
      // Killed, since nothing is measured any more.
      await Promise.all(servers.map((server) => server.kill()));
      await operatorDb.close();
      await running.close();
      for (const proxy of proxies) await proxy.close();
      for (const receiver of prepared.receivers.values()) await receiver.stop();
    },
  };
}
