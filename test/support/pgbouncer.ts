/** Runs pgbouncer (a package of Debian) in front of the database of the tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findLauncher } from '../../src/platform/postgres-program.ts';
import { closeAfterwards, temporaryFolder } from './cleanup.ts';
import { parseDatabaseUrl } from './database.ts';
import { eventually } from './eventually.ts';
import { accepts, freePort } from './listen.ts';
import { hasEnded } from './processes.ts';

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const program = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find(isExecutable);

/** What the machine lacks for tests with pgbouncer; undefined when they can run. */
export const missingPgbouncer =
  program === undefined
    ? 'no pgbouncer'
    : process.env['TEST_SERVER']?.includes('@/') === true
      ? undefined
      : 'the database of the tests has no Unix socket';

export interface Pgbouncer {
  /** The port, on 127.0.0.1. */
  port: number;
  /** @returns the URL of a database of the tests through pgbouncer */
  urlOf(databaseUrl: string): string;
}

/** @param settings lines of the section `pgbouncer` */
export async function startPgbouncer(mode: 'session' | 'transaction' | 'statement', settings = ''): Promise<Pgbouncer> {
  const { username, searchParams } = parseDatabaseUrl(process.env['TEST_SERVER']!);
  const folder = temporaryFolder();
  const port = await freePort();
  writeFileSync(join(folder, 'users.txt'), `"${username}" ""\n`);
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=${searchParams.get('host')} port=5432
broken = host=${searchParams.get('host')} port=5432 dbname=no_such_database
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
${settings}
`,
  );
  chmodSync(folder, 0o755);
  // It refuses to run as root, as PostgreSQL does.
  const { prefix, runsAs } = findLauncher();
  const [first, ...args] = [...prefix, program!, join(folder, 'pgbouncer.ini')];
  const server = spawn(first, args, { ...runsAs, stdio: 'ignore' });
  closeAfterwards(async () => {
    if (hasEnded(server)) return;
    // SIGTERM ends it at once, without waiting for clients.
    server.kill('SIGTERM');
    await once(server, 'exit');
  });
  await eventually(() => accepts(port));
  return {
    port,
    urlOf: (databaseUrl) => {
      const { pathname } = parseDatabaseUrl(databaseUrl);
      return `postgres://${username}@127.0.0.1:${port}${pathname}`;
    },
  };
}
