/** G06: the server as a process: its database comes later, or it is told to stop. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, listen } from '../support/listen.ts';
import { endBy, hasEnded } from '../support/processes.ts';
import { startProgram } from '../support/terminal.ts';
import { randomToken } from '../../src/platform/secrets.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  closeAfterwards(() => database.drop());
});

async function settingsOn(databasePort: number) {
  const port = await freePort();
  const { username, pathname } = new URL(database.url.replace('@/', '@socket/'));
  const environment = {
    ISSUER: `http://localhost:${port}`,
    PORT: String(port),
    SECRET: `test_${randomToken()}`,
    DATABASE_URL: `postgres://${username}@127.0.0.1:${databasePort}${pathname}`,
  };
  return { issuer: environment.ISSUER, environment };
}

const statusOf = async (url: string) => (await sendRequest(url)).status;
const responses = (url: string, status: number) =>
  eventually(async () => (await statusOf(url).catch(() => 0)) === status);

test('G06 a server that is started before its database lives, and becomes ready by itself', async () => {
  const databasePort = await freePort();
  const { issuer, environment } = await settingsOn(databasePort);
  const server = startProgram(['serve'], environment);
  let log = '';
  server.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await responses(`${issuer}/healthz`, 200);
  expect(await statusOf(`${issuer}/readyz`)).toBe(503);
  const page = await sendRequest(`${issuer}/account`);
  expect([page.status, page.headers['retry-after']]).toEqual([503, '2']);
  expect(log).toContain('"reason":"database_unreachable"');
  expect(log).not.toMatch(/ECONN|postgres:/);

  await startDatabaseProxy(database.url, databasePort);
  await responses(`${issuer}/readyz`, 200);
  expect(await endBy(server)).toBe(0);
});

test('it stops while it waits', async () => {
  const { issuer, environment } = await settingsOn(await freePort());
  const server = startProgram(['serve'], environment);
  await responses(`${issuer}/healthz`, 200);
  expect(await endBy(server)).toBe(0);
});

test('a server that waits closes the connections of slow clients sooner than Node does', async () => {
  const { environment, issuer } = await settingsOn(await freePort());
  const server = startProgram(['serve'], environment);
  await responses(`${issuer}/healthz`, 200);
  // Node gives a minute, and looks every half minute.
  const plain = createServer({ headersTimeout: 40_000, connectionsCheckingInterval: 1_000 });
  closeAfterwards(() => plain.close().closeAllConnections());
  const [slow, slower] = [Number(environment.PORT), await listen(plain)].map((port) => connect(port, '127.0.0.1'));
  for (const socket of [slow!, slower!]) socket.resume().write('GET / HTTP/1.1\r\n');
  await once(slow!, 'close');
  expect(slower!.readyState).toBe('open');
  slower!.destroy();
  await endBy(server);
});

test('SIGTERM to npm start stops the server', async () => {
  const { issuer, environment } = await settingsOn(await freePort());
  const { PATH, HOME } = process.env;
  const npm = spawn('npm', ['start'], { env: { PATH, HOME, ...environment }, stdio: 'ignore', detached: true });
  closeAfterwards(() => {
    if (!hasEnded(npm)) process.kill(-npm.pid!, 'SIGKILL');
  });
  await responses(`${issuer}/healthz`, 200);
  await endBy(npm);
  await responses(`${issuer}/healthz`, 0);
});
