/** A whole deployment for a bench or for faults: a database, several `serve` processes, and a load balancer in front of them. */
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
  /** Starts a command, to be killed. */
  startCommand(...args: string[]): ChildProcess;
  close(): Promise<void>;
}

const allReady: NonNullable<ServersOptions['choosePorts']> =
  ({ servers }) =>
  () =>
    servers.filter(({ isReady }) => isReady).map(({ port }) => port);

export interface ServersOptions {
  /** Makes the rows that are there before all else. */
  fill?: (databaseUrl: string) => Promise<void>;
  /** Further settings of a process, by its number from 0. */
  settingsOf?: (process: number, databaseUrl: string) => Promise<Record<string, string>>;
  /** @returns finds the processes that get requests; those that run by default */
  choosePorts?: (running: Pick<Servers<unknown>, 'issuer' | 'servers'>) => () => number[];
  balancing?: LoadBalancerOptions;
  /** Called with each line of a log. */
  onLine?: (line: string) => void;
}

/**
 * @param processes number of them
 * @param prepare creates the accounts, apps and APIs of the bench, before the processes start
 */
export async function startServers<T>(
  processes: number,
  prepare: (frontdesk: Frontdesk) => Promise<T>,
  { fill, settingsOf, choosePorts = allReady, balancing, onLine }: ServersOptions = {},
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
  // `prepare` signs people in at a server inside this process: the balancer sends its requests there until it is done.
  const preparing = await startFrontdesk({ sameDeploymentAs: { database, issuer, secret }, settings: environment });
  let ports = () => [preparing.port];
  const balancer = await startLoadBalancer(port, () => ports(), balancing);
  const prepared = await prepare({ ...preparing, port });
  const servers: ServerProcess[] = [];
  for (let index = 0; index < processes; index += 1) {
    const own = { ...environment, ...(await settingsOf?.(index, database.url)) };
    servers.push(createServerProcess(await freePort(), own, onLine));
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
