/** A deployment for benches and faults: a database, several `serve` processes, and a load balancer in front of them. */
import type { ChildProcess } from 'node:child_process';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { freshDatabase } from './database.ts';
import { startFrontdesk, type Frontdesk } from './frontdesk.ts';
import { freePort } from './listen.ts';
import { runProgram, startProgram } from './terminal.ts';
import { startLoadBalancer, type LoadBalancer, type LoadBalancerOptions } from './load-balancer.ts';
import { createServerProcess, type ServerProcess } from './server-process.ts';

export interface Servers<T> {
  issuer: string;
  /** Root secret. */
  secret: string;
  /** URL of the database. */
  databaseUrl: string;
  db: Database;
  servers: ServerProcess[];
  balancer: LoadBalancer;
  /** What `prepare` returned. */
  prepared: T;
  /** Runs a command of the program while the servers run. @throws Error when it fails */
  command(...args: string[]): Promise<void>;
  /** Starts a command, and does not wait for its end. */
  startCommand(...args: string[]): ChildProcess;
  close(): Promise<void>;
}

const readyPorts: NonNullable<ServersOptions['choosePorts']> =
  ({ servers }) =>
  () =>
    servers.filter(({ isReady }) => isReady).map(({ port }) => port);

export interface ServersOptions {
  /** Called first, with the URL of the migrated database. */
  fill?: (databaseUrl: string) => Promise<void>;
  /** Further settings of a process, by its index from 0. */
  settingsOf?: (process: number, databaseUrl: string) => Promise<Record<string, string>>;
  /** @returns a function that gives the ports of the processes that get requests; by default those that are ready */
  choosePorts?: (running: Pick<Servers<unknown>, 'issuer' | 'servers'>) => () => number[];
  balancing?: LoadBalancerOptions;
  /** Called with each line of the processes' logs. */
  onLine?: (line: string) => void;
}

/**
 * @param processes their number
 * @param prepare creates accounts, apps and APIs, before the processes start
 */
export async function startServers<T>(
  processes: number,
  prepare: (frontdesk: Frontdesk) => Promise<T>,
  { fill, settingsOf, choosePorts = readyPorts, balancing, onLine }: ServersOptions = {},
): Promise<Servers<T>> {
  const database = await freshDatabase();
  await fill?.(database.url);
  const port = await freePort();
  const issuer = `http://idp.localhost:${port}`;
  const secret = `test_${randomToken()}`;
  const environment = {
    ISSUER: issuer,
    SECRET: secret,
    DATABASE_URL: database.url,
    DATABASE_POOL: '4',
    OUTGOING_ALLOWED_HOSTS: '*.localhost',
    RATE_LIMIT_FACTOR: '10000',
    LOG_LEVEL: 'info',
  };
  // Requests of `prepare` go through the load balancer to a server inside this process.
  const preparing = await startFrontdesk({ sameDeploymentAs: { database, issuer, secret }, settings: environment });
  let ports = () => [preparing.port];
  const balancer = await startLoadBalancer(port, () => ports(), balancing);
  const prepared = await prepare({ ...preparing, port });
  const servers: ServerProcess[] = [];
  for (let index = 0; index < processes; index += 1) {
    const settings = { ...environment, ...(await settingsOf?.(index, database.url)) };
    servers.push(createServerProcess(await freePort(), settings, onLine));
  }
  await Promise.all(servers.map((server) => server.start()));
  ports = choosePorts({ issuer, servers });
  await preparing.close();
  const db = openDatabase({ url: database.url, poolSize: 6 });

  return {
    issuer,
    secret,
    databaseUrl: database.url,
    db,
    servers,
    balancer,
    prepared,
    async command(...args) {
      const { code, error } = await runProgram(args, environment);
      if (code !== 0) throw new Error(`frontdesk ${args.join(' ')}: ${error}`);
    },
    startCommand: (...args) => startProgram(args, environment),
    async close() {
      await Promise.all(servers.map((server) => server.stop()));
      await balancer.close();
      await db.close();
      await database.drop();
    },
  };
}
