/** Tests the program with its embedded database: commands while the server runs, restarts, signals. */
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { tryFileLock } from '../../src/platform/file-lock.ts';
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards, temporaryFolder } from '../support/cleanup.ts';
import { becomes, eventually } from '../support/eventually.ts';
import { freePort } from '../support/listen.ts';
import { terminate as stop, endOf, hasEnded } from '../support/processes.ts';
import { runProgram, startProgram } from '../support/terminal.ts';

let folder: string;
let environment: Record<string, string>;
let port: number;

beforeAll(async () => {
  folder = temporaryFolder();
  port = await freePort();
  environment = { ISSUER: `http://idp.localhost:${port}`, DATA_DIR: join(folder, 'data') };
});

/** Starts the server and waits until it is ready. @throws Error with its output when it ends before */
async function startServer(): Promise<ChildProcess & { output(): string }> {
  const child = startProgram(['serve'], environment);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const isReady = () => output.includes('"msg":"ready"');
  await eventually(() => isReady() || hasEnded(child));
  if (!isReady()) throw new Error(`did not start: ${output}`);
  return Object.assign(child, { output: () => output });
}

const createAccount = (name: string, ...options: string[]) =>
  runProgram(
    ['accounts', 'create', '--email', `${name}@example.com`, '--json', ...options],
    environment,
    'a password of many words\n',
  );
const isDatabaseRunning = () => existsSync(join(folder, 'data/postgres/postmaster.pid'));
const fileMode = (path: string) => (statSync(join(folder, path)).mode & 0o777).toString(8);

test('a command creates a missing database only with --new', async () => {
  const refused = await createAccount('ann');
  expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('There is no database in')]);
  expect(existsSync(join(folder, 'data'))).toBe(false);
  const created = await createAccount('ann', '--new');
  expect(created).toMatchObject({ code: 0, error: `at ${environment['ISSUER']}\n` });
  expect(JSON.parse(created.out)).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(isDatabaseRunning()).toBe(false);
  expect([fileMode('data'), fileMode('data/secrets'), fileMode('data/secrets/secret')]).toEqual(['700', '700', '600']);
});

test('commands work while the server runs, and a restarted server has the same keys and secrets', async () => {
  const secret = readFileSync(join(folder, 'data/secrets/secret'), 'utf8');
  const server = await startServer();
  expect((await sendRequest(`${environment['ISSUER']}/readyz`)).body).toBe('ready\n');
  const keys = (await sendRequest(`${environment['ISSUER']}/oauth/jwks`)).body;
  expect((await createAccount('ann')).error).toContain('An account with this e-mail address exists already.');
  const concurrent = await Promise.all(['ben', 'cyd', 'dan'].map((name) => createAccount(name)));
  expect(concurrent.map(({ code }) => code)).toEqual([0, 0, 0]);

  const secondServer = await runProgram(['serve'], environment);
  expect(secondServer.code).toBe(1);
  expect(secondServer.error).toContain(`A Frontdesk server (process ${server.pid}) already runs on`);

  expect(await stop(server, 'SIGTERM')).toBe(0);
  expect(isDatabaseRunning()).toBe(false);
  expect(existsSync(join(folder, 'data/owner.json'))).toBe(false);

  const restarted = await startServer();
  expect(restarted.output()).toMatch(/"step":"starting_database"[^]*"step":"applying_migrations"[^]*"msg":"ready"/);
  expect((await sendRequest(`${environment['ISSUER']}/oauth/jwks`)).body).toBe(keys);
  expect(readFileSync(join(folder, 'data/secrets/secret'), 'utf8')).toBe(secret);
  expect(await stop(restarted, 'SIGINT')).toBe(0);
});

test('the database stops when its server is killed, and the next server starts with its data', async () => {
  const server = await startServer();
  await createAccount('eve');
  await stop(server, 'SIGKILL');
  await becomes(async () => isDatabaseRunning(), false);
  const next = await startServer();
  expect((await createAccount('eve')).error).toContain('exists already');
  await stop(next, 'SIGTERM');
});

test('the error message names a port that another program listens on', async () => {
  const server = await startServer();
  const other = { ...environment, DATA_DIR: join(folder, 'other') };
  const { code, error } = await runProgram(['serve'], other);
  expect(code).toBe(1);
  expect(error).toBe(`Another program listens on 127.0.0.1:${port}. Stop it, or set another PORT.\n`);
  await stop(server, 'SIGTERM');
});

test('a server waits for a command that uses the data folder', async () => {
  let hasCommandEnded = false;
  const command = createAccount('fay').finally(() => (hasCommandEnded = true));
  await eventually(() => existsSync(join(folder, 'data/owner.json')) || hasCommandEnded);
  const server = await startServer();
  expect((await command).code).toBe(0);
  expect((await createAccount('fay')).error).toContain('exists already');
  await stop(server, 'SIGTERM');
});

test('a command that waits for the data folder prints a message', async () => {
  const lock = tryFileLock(join(folder, 'data/owner.lock'))!;
  const child = startProgram(['accounts', 'list'], environment);
  let error = '';
  child.stderr!.on('data', (chunk: Buffer) => (error += chunk.toString()));
  await becomes(async () => error, 'Another process uses the data folder: waiting for it…\n');
  // It also waits for a command that runs the database, and longer than for a server that does not respond.
  const owner = { pid: process.pid, role: 'command', socket: folder };
  writeFileSync(join(folder, 'data/owner.json'), JSON.stringify(owner));
  await sleep(6_000);
  expect(hasEnded(child)).toBe(false);
  rmSync(join(folder, 'data/owner.json'));
  lock.release();
  expect(await endOf(child)).toBe(0);
});

test('a server that is stopped responds to the requests under way', async () => {
  const server = await startServer();
  const { host } = new URL(environment['ISSUER']!);
  const socket = createConnection(port, '127.0.0.1');
  closeAfterwards(() => socket.destroy());
  let response = '';
  socket.on('data', (chunk) => (response += chunk.toString()));
  const body = 'grant_type=refresh_token&refresh_token=x&client_id=x';
  const head = [
    'POST /oauth/token HTTP/1.1',
    `Host: ${host}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    'Expect: 100-continue',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  // The server has read the request headers and waits for the body.
  await becomes(async () => response, 'HTTP/1.1 100 Continue\r\n\r\n');
  server.kill('SIGTERM');
  // The server accepts no more connections.
  await eventually(() =>
    sendRequest(`${environment['ISSUER']}/healthz`).then(
      () => false,
      () => true,
    ),
  );
  response = '';
  socket.write(body);
  await once(socket, 'close');
  expect(response).toMatch(/^HTTP\/1\.1 401/);
  expect(await endOf(server)).toBe(0);
});
