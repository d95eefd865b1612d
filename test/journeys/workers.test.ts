/** Tests a server of several processes on one port (WEB_CONCURRENCY). */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { randomToken } from '../../src/platform/secrets.ts';
import { sendRequest } from '../support/browser.ts';
import { temporaryFolder } from '../support/cleanup.ts';
import { becomes, eventually } from '../support/eventually.ts';
import { freePort, listen } from '../support/listen.ts';
import { terminate, endOf, hasEnded } from '../support/processes.ts';
import { runProgram, startProgram } from '../support/terminal.ts';

interface LogLine {
  msg: string;
  pid?: number;
}

async function startServer(port: number) {
  const environment = {
    ISSUER: `http://localhost:${port}`,
    SECRET: `test_${randomToken()}`,
    DATA_DIR: join(temporaryFolder(), 'data'),
    WEB_CONCURRENCY: '2',
  };
  const primary = startProgram(['serve'], environment);
  let log = '';
  let errors = '';
  primary.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  primary.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines = () =>
    log
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  const logged = (msg: string) => lines().filter((line) => line.msg === msg);
  await eventually(() => logged('ready').length === 1 || hasEnded(primary));
  const workers = () => logged('a worker is ready').map(({ pid }) => pid!);
  return { primary, environment, workers, logged, errors: () => errors };
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const statusOf = (issuer: string, path: string) =>
  sendRequest(`${issuer}${path}`).then(
    ({ status }) => status,
    () => undefined,
  );

test('workers share the port and the embedded database, and one that is killed is started again', async () => {
  const { primary, environment, workers, logged } = await startServer(await freePort());
  const { ISSUER: issuer } = environment;
  expect(new Set(workers()).size).toBe(2);
  expect(await statusOf(issuer, '/readyz')).toBe(200);
  const created = await runProgram(
    ['accounts', 'create', '--email', 'ann@example.com'],
    environment,
    'a password of many words\n',
  );
  expect(created.code).toBe(0);

  const [killed] = workers();
  process.kill(killed!, 'SIGKILL');
  await eventually(() => workers().length === 3);
  expect(logged('a worker ended, and is started again')).toEqual([expect.objectContaining({ pid: killed })]);
  // Connections go to the workers in turn.
  const statuses = [1, 2, 3, 4].map(() => statusOf(issuer, '/readyz'));
  expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200]);

  expect(await terminate(primary)).toBe(0);
  expect(workers().filter(isRunning)).toEqual([]);
  expect((await runProgram(['accounts', 'list'], environment)).out).toContain('ann@example.com');
});

test('workers end with a primary process that is killed', async () => {
  const { primary, environment, workers } = await startServer(await freePort());
  await terminate(primary, 'SIGKILL');
  await eventually(() => !workers().some(isRunning));
  await becomes(() => statusOf(environment.ISSUER, '/healthz'), undefined);
});

test('a signal while the database is prepared stops the server', async () => {
  const environment = {
    ISSUER: `http://localhost:${await freePort()}`,
    SECRET: `test_${randomToken()}`,
    DATA_DIR: join(temporaryFolder(), 'data'),
    WEB_CONCURRENCY: '2',
  };
  const primary = startProgram(['serve'], environment);
  let log = '';
  primary.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await eventually(() => log.includes('applying_migrations') || hasEnded(primary));
  primary.kill('SIGTERM');
  expect(await endOf(primary)).toBe(0);
  expect(log).not.toContain('a worker is ready');
});

test('a port that is taken is reported once, and ends the server', async () => {
  const port = await listen(createServer(), 0);
  const { primary, errors } = await startServer(port);
  expect(await endOf(primary)).toBe(1);
  expect(errors().trim().split('\n')).toEqual([
    expect.stringContaining(`Another program listens on 127.0.0.1:${port}.`),
    'A process that serves requests ended before it was ready. Its message is above.',
  ]);
});
