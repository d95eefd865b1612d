/** Tests a server process that starts before its database, and how it stops. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { freshDatabase, parseDatabaseUrl, type TestDatabase } from '../support/database.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, listen } from '../support/listen.ts';
import { terminate, hasEnded } from '../support/processes.ts';
import { startProgram } from '../support/terminal.ts';
import { randomToken } from '../../src/platform/secrets.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  closeAfterwards(() => database.drop());
});

/** Settings of a server whose database is at this port. */
async function settingsFor(databasePort: number) {
  const port = await freePort();
  const { username, pathname } = parseDatabaseUrl(database.url);
  const environment = {
    ISSUER: `http://localhost:${port}`,
    PORT: String(port),
    SECRET: `test_${randomToken()}`,
    DATABASE_URL: `postgres://${username}@127.0.0.1:${databasePort}${pathname}`,
  };
  return { issuer: environment.ISSUER, environment };
}

const statusOf = async (url: string) => (await sendRequest(url)).status;
/** Waits until the response has this status; 0 when there is no response. */
const waitForStatus = (url: string, status: number) =>
  eventually(async () => (await statusOf(url).catch(() => 0)) === status);

test('G06 a server that starts before its database responds with 503 until the database responds', async () => {
  const databasePort = await freePort();
  const { issuer, environment } = await settingsFor(databasePort);
  const server = startProgram(['serve'], environment);
  let log = '';
  server.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await eventually(() => log.includes('"reason":"database_unreachable"') || hasEnded(server));
  expect([hasEnded(server), log]).toEqual([false, expect.any(String)]);
  await waitForStatus(`${issuer}/healthz`, 200);
  expect(await statusOf(`${issuer}/readyz`)).toBe(503);
  const page = await sendRequest(`${issuer}/account`);
  expect([page.status, page.headers['retry-after']]).toEqual([503, '2']);
  expect(log).not.toMatch(/ECONN|postgres:/);

  await startDatabaseProxy(database.url, databasePort);
  await waitForStatus(`${issuer}/readyz`, 200);
  expect(await terminate(server)).toBe(0);
});

test('a server that waits for its database stops on SIGTERM', async () => {
  const { issuer, environment } = await settingsFor(await freePort());
  const server = startProgram(['serve'], environment);
  await waitForStatus(`${issuer}/healthz`, 200);
  expect(await terminate(server)).toBe(0);
});

test('a server that waits for its database closes connections of slow clients sooner than Node does', async () => {
  const { environment, issuer } = await settingsFor(await freePort());
  const server = startProgram(['serve'], environment);
  await waitForStatus(`${issuer}/healthz`, 200);
  // For comparison. Node's own defaults are longer still: 60 s for the headers, checked every 30 s.
  const nodeServer = createServer({ headersTimeout: 40_000, connectionsCheckingInterval: 1_000 });
  closeAfterwards(() => nodeServer.close().closeAllConnections());
  const [slow, slower] = [Number(environment.PORT), await listen(nodeServer)].map((port) => connect(port, '127.0.0.1'));
  for (const socket of [slow!, slower!]) socket.resume().write('GET / HTTP/1.1\r\n');
  await once(slow!, 'close');
  expect(slower!.readyState).toBe('open');
  slower!.destroy();
  await terminate(server);
});

test('SIGTERM to npm start stops the server', async () => {
  const { issuer, environment } = await settingsFor(await freePort());
  const { PATH, HOME } = process.env;
  const npm = spawn('npm', ['start'], { env: { PATH, HOME, ...environment }, stdio: 'ignore', detached: true });
  closeAfterwards(() => {
    if (!hasEnded(npm)) process.kill(-npm.pid!, 'SIGKILL');
  });
  await waitForStatus(`${issuer}/healthz`, 200);
  await terminate(npm);
  await waitForStatus(`${issuer}/healthz`, 0);
});
