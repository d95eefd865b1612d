/** Tests which failures of the database a server waits for, and which end it. */
import { setTimeout as wait } from 'node:timers/promises';
import { sendRequest } from '../../test/support/browser.ts';
import { errorResponse, startFakeDatabase } from '../../test/support/fake-database.ts';
import { eventually } from '../../test/support/eventually.ts';
import { freePort } from '../../test/support/listen.ts';
import { loadConfig } from '../config.ts';
import { randomToken } from '../platform/secrets.ts';
import { awaitDatabase } from './await-database.ts';
import { failureKindOf } from './failure.ts';

async function start(databaseUrl: string) {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const config = loadConfig({ ISSUER: issuer, SECRET: randomToken(), DATABASE_URL: databaseUrl, LOG_LEVEL: 'silent' });
  const stop = new AbortController();
  return { issuer, stop, outcome: awaitDatabase(config, stop.signal, 'server') };
}

const urlOfServer = async (code: string, message: string) =>
  `postgres://ann:secret@${await startFakeDatabase((socket) => socket.end(errorResponse(code, message)))}/x`;

const pending = Symbol('pending');

test.each([
  ['no server listens yet', async () => `postgres://ann@127.0.0.1:${await freePort()}/x`],
  ['the host has no name yet', async () => 'postgres://ann@no-such-host.invalid/x'],
  ['the server starts (57P03)', () => urlOfServer('57P03', 'the database system is starting up')],
  ['the server has no free connections (53300)', () => urlOfServer('53300', 'sorry, too many clients already')],
  [
    'a standby is not ready yet (57P03)',
    () => urlOfServer('57P03', 'the database system is not accepting connections'),
  ],
])('a server waits, healthy and not ready, while %s', async (_, url) => {
  const { issuer, stop, outcome } = await start(await url());
  const status = (path: string) =>
    sendRequest(`${issuer}${path}`).then(
      (response) => response.status,
      () => 0,
    );
  await eventually(async () => (await status('/healthz')) === 200);
  expect(await status('/readyz')).toBe(503);
  expect(await Promise.race([outcome, wait(1_500, pending)])).toBe(pending);
  stop.abort();
  expect(await outcome).toBeUndefined();
});

test.each([
  ['database_sign_in', '28P01', 'password authentication failed for user "ann"'],
  ['database_sign_in', '28000', 'role "ann" does not exist'],
  [
    'database_not_admitted',
    '28000',
    'no pg_hba.conf entry for host "10.0.0.1", user "ann", database "x", SSL encryption',
  ],
  ['database_unknown', '3D000', 'database "x" does not exist'],
  ['database_permission', '42501', 'permission denied for database "x"'],
])('a server ends with the reason %s (%s)', async (failure, code, message) => {
  const { outcome } = await start(await urlOfServer(code, message));
  const error: unknown = await outcome.catch((reason: unknown) => reason);
  expect(failureKindOf(error)).toBe(failure);
});

test('a server ends when the database server has no TLS and DATABASE_URL asks for it', async () => {
  const address = await startFakeDatabase((socket) => socket.end('N'));
  const { outcome } = await start(`postgres://ann:secret@${address}/x?sslmode=require`);
  expect(failureKindOf(await outcome.catch((reason: unknown) => reason))).toBe('database_lacks_tls');
});
