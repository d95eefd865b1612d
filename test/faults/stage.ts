/** The deployment of a scenario: two processes behind a balancer that retries nothing, with proxies to the database. */
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { createKeyring } from '../../src/platform/secrets.ts';
import { runSql } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import { startNameServer, type NameServer } from '../support/name-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServers } from '../support/servers.ts';
import { createLedger } from './ledger.ts';
import type { Evidence } from './lost.ts';
import { openHasher, populate, secondHost, type World } from './population.ts';
import { startRotation, type Rotation } from './rotation.ts';
import { createTraffic, type Traffic } from './traffic.ts';

export interface StageOptions {
  /** Further settings of a process, by its number, 0 or 1. */
  settingsOf?: (process: number) => Record<string, string>;
  /** Whether the processes reach the database by a proxy each. */
  hasProxies?: boolean;
}

export interface Stage {
  postgres: PostgresServer;
  world: World;
  evidence: Evidence;
  /** URL of the database, without a proxy. */
  databaseUrl: string;
  /** The tool's own connections, without a proxy. */
  db: Database;
  servers: readonly ServerProcess[];
  proxies: readonly DatabaseProxy[];
  nameServer: NameServer;
  rotation: Rotation;
  traffic: Traffic;
  /** Lines of the processes' logs that say that something of ours is wrong. */
  faultLines: string[];
  close(): Promise<void>;
}

const processes = 2;
/** Role of the processes in PostgreSQL, so that their connections can be told from those of the tool, and limited. */
export const role = 'server_processes';
/** Longer than any request may take. */
const timeoutMilliseconds = 30_000;

async function makeRole(url: string): Promise<void> {
  const db = openDatabase({ url, poolSize: 1 });
  const [there] = await runSql(db, `select from pg_roles where rolname = '${role}'`);
  if (!there) await runSql(db, `create role ${role} login in role frontdesk`);
  await db.close();
}

export async function startStage(postgres: PostgresServer, options: StageOptions = {}): Promise<Stage> {
  const traffic = createTraffic();
  const proxies: DatabaseProxy[] = [];
  const faultLines: string[] = [];
  const nameServer = await startNameServer({ [secondHost]: ['127.0.0.1'] });
  let rotation: Rotation | undefined;
  const deployment = await startServers(processes, populate, {
    fill: makeRole,
    async settingsOf(process, url) {
      const own = url.replace('//frontdesk@', `//${role}@`);
      if (options.hasProxies) proxies.push(await startDatabaseProxy(own));
      return {
        CLIENT_REGISTRATION: 'token',
        DATABASE_URL: options.hasProxies ? proxies[process]!.url : own,
        SHUTDOWN_DELAY: '3',
        DNS_SERVERS: nameServer.address,
        OUTGOING_ALLOWED_HOSTS: `*.localhost,${secondHost}`,
        ...options.settingsOf?.(process),
      };
    },
    choosePorts({ issuer, servers }) {
      rotation = startRotation(issuer, servers);
      return () => rotation!.ports();
    },
    balancing: { retries: 0, timeoutMilliseconds, onPassed: (passed) => traffic.record(passed) },
    onLine(line) {
      if (line.includes('"msg":"fault"')) faultLines.push(line);
    },
  });
  const { issuer, secret, databaseUrl, db, servers, prepared } = deployment;
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
      // Nothing depends on how they end.
      await Promise.all(servers.map((server) => server.kill()));
      await operatorDb.close();
      await deployment.close();
      for (const proxy of proxies) await proxy.close();
      for (const receiver of prepared.receivers.values()) await receiver.stop();
    },
  };
}
