/** Starts a PostgreSQL server with TLS or authentication: the server that the other tests share has neither. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinaries, findLauncher, libraryPath } from '../../src/platform/postgres-program.ts';
import type { Certificates } from './certificate.ts';
import { closeAfterwards, temporaryFolder } from './cleanup.ts';
import { eventually } from './eventually.ts';
import { accepts, freePort } from './listen.ts';
import { hasEnded } from './processes.ts';

export interface PostgresOptions {
  /** SQL statements that are executed before the server starts. */
  sql?: string;
  /** Lines of pg_hba.conf. */
  hbaRules: string[];
  /** Certificate and key of the server; TLS is off without them. */
  certificates?: Certificates;
}

/** @returns the TCP port, on 127.0.0.1 */
export async function startPostgres({ sql = '', hbaRules, certificates }: PostgresOptions): Promise<number> {
  const binaries = await findBinaries();
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const { prefix, runsAs } = findLauncher();
  const libraries = libraryPath(binaries, folder);
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...(libraries && { LD_LIBRARY_PATH: libraries }) };
  const changeOwner = (path: string) => runsAs && chownSync(path, runsAs.uid, runsAs.gid);
  changeOwner(folder);
  const run = (command: string[], input = '') => {
    const [program, ...args] = [...prefix, ...command];
    const { status, stderr } = spawnSync(program!, args, { ...runsAs, env, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command[0]} failed: ${stderr}`);
  };
  run([binaries.initdb, '--auth=trust', '--username=postgres', '--encoding=UTF8', '--no-locale', '-D', data]);
  run([binaries.postgres, '--single', '-D', data, 'postgres'], sql);
  writeFileSync(join(data, 'pg_hba.conf'), `${hbaRules.join('\n')}\n`);
  if (certificates) {
    for (const [name, text] of [
      ['server.crt', certificates.chain],
      ['server.key', certificates.key],
    ] as const) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      changeOwner(join(data, name));
    }
    appendFileSync(join(data, 'postgresql.conf'), 'ssl = on\n');
  }
  chmodSync(data, 0o700);
  const port = await freePort();
  const options = ['listen_addresses=127.0.0.1', `port=${port}`, 'dynamic_shared_memory_type=mmap', 'fsync=off'];
  const [program, ...args] = [...prefix, binaries.postgres, '-D', data, '-k', folder];
  const server = spawn(program, [...args, ...options.flatMap((option) => ['-c', option])], {
    ...runsAs,
    env,
    stdio: 'ignore',
  });
  closeAfterwards(async () => {
    if (hasEnded(server)) return;
    server.kill('SIGINT');
    await once(server, 'exit');
  });
  await eventually(() => accepts(port));
  return port;
}
