/** Tests which requests an overloaded server refuses, and which it still serves. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { sendRequest, type HttpResponse } from '../support/browser.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { freshDatabase } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { callAs } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { assertion, makeKey } from '../support/keys.ts';
import { listen } from '../support/listen.ts';
import { app, audience, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';

/** How many requests the server works on at once: two more than the connections of `DATABASE_POOL`. */
const maxInWork = 8;

let frontdesk: Frontdesk;
let proxy: DatabaseProxy;
let machine: RegisteredApp;

beforeAll(async () => {
  const database = await freshDatabase();
  proxy = await startDatabaseProxy(database.url);
  frontdesk = await startFrontdesk({ settings: { DATABASE_URL: proxy.url }, maxWaitMilliseconds: 500 });
  closeAfterwards(frontdesk);
  await notesApi(frontdesk);
  machine = await app(frontdesk, { id: 'machine', kind: 'machine', apis: [{ audience }] });
});
beforeEach(() => (frontdesk.logged.length = 0));
afterEach(async () => {
  proxy.thaw();
  await eventually(async () => (await introspect()).status === 200);
});

const urlOf = (path: string) => `${frontdesk.issuer}${path}`;
const requestToken = (): Promise<HttpResponse> =>
  callAs(frontdesk, machine, '/oauth/token', { grant_type: 'client_credentials', resource: audience });

/** Unlike client credentials, an introspection always reads the database. */
const introspect = (): Promise<HttpResponse> => callAs(frontdesk, machine, '/oauth/introspect', { token: 'unknown' });

/** Freezes the database, and sends `maxInWork` requests, which wait for it. @returns their responses */
async function occupyServer(): Promise<Promise<HttpResponse>[]> {
  proxy.freeze();
  const waiting = Array.from({ length: maxInWork }, introspect);
  // Further requests wait for half a second (`maxWaitMilliseconds`) and are refused.
  await eventually(async () => (await sendRequest(urlOf('/'))).headers['retry-after'] === '2');
  return waiting;
}

test('G06 an overloaded server refuses people with a page and programs with JSON, and logs one line', async () => {
  const waiting = await occupyServer();
  const page = await sendRequest(urlOf('/account'));
  expect([page.status, page.headers['retry-after'], page.headers['cache-control']]).toEqual([503, '2', 'no-store']);
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(page.headers['set-cookie']).toBeUndefined();
  expect(page.body).toContain('server_busy');
  const json = await requestToken();
  expect([json.status, json.headers['retry-after'], json.headers['x-content-type-options']]).toEqual([
    503,
    '2',
    'nosniff',
  ]);
  // A page of any origin can read that it should try again.
  expect(json.headers['access-control-allow-origin']).toBe('*');
  expect(json.headers['access-control-expose-headers']).toBe('Retry-After');
  expect(page.headers['access-control-allow-origin']).toBeUndefined();
  expect(json.json()).toEqual({ error: 'temporarily_unavailable', error_description: expect.any(String) });

  const line = await eventually(() => frontdesk.logged.find((each) => each.includes('overloaded')));
  expect(JSON.parse(line!)).toMatchObject({ level: 'warn', refused: expect.any(Number), inWork: maxInWork });
  expect(frontdesk.logged.filter((each) => each.includes('server_busy'))).toEqual([]);
  proxy.thaw();
  await Promise.all(waiting);
});

test('G06 an overloaded server still serves /healthz, JWKS and style sheets', async () => {
  expect((await sendRequest(urlOf('/oauth/jwks'))).status).toBe(200);
  const style = /\/assets\/forms\.\w+\.css/.exec((await sendRequest(urlOf('/'))).body)![0];
  const waiting = await occupyServer();
  for (const path of ['/healthz', '/oauth/jwks', style]) {
    expect([path, (await sendRequest(urlOf(path))).status]).toEqual([path, 200]);
  }
  expect((await sendRequest(urlOf('/readyz'))).status).toBe(503);
  proxy.thaw();
  await Promise.all(waiting);
});

test('G06 a server does not work on a waiting request whose client has disconnected', async () => {
  const waitingServer = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { DATABASE_URL: proxy.url } });
  const send = (path: string) => {
    const socket = connect(waitingServer.port, '127.0.0.1').on('error', () => {});
    socket.resume().write(`GET ${path} HTTP/1.1\r\nHost: ${new URL(frontdesk.issuer).host}\r\n\r\n`);
    return socket;
  };
  const isLogged = (path: string) => waitingServer.logged.some((line) => line.includes(`"path":"${path}"`));
  proxy.freeze();
  const inWork = Array.from({ length: maxInWork }, () => send('/oauth/authorize?client_id=machine'));
  await eventually(() => waitingServer.app.load().inWork === maxInWork);
  const [connected, disconnected] = [send('/connected'), send('/disconnected')];
  await eventually(() => waitingServer.app.load().waiting === 2);
  disconnected.destroy();
  await eventually(() => waitingServer.app.load().waiting === 1);
  proxy.thaw();
  await eventually(() => isLogged('/connected'));
  expect(isLogged('/disconnected')).toBe(false);
  for (const socket of [connected, ...inWork]) socket.destroy();
  await waitingServer.close();
});

test('F02 requests whose bodies arrive slowly do not count as requests in work', async () => {
  const head = [
    'POST /oauth/token HTTP/1.1',
    `Host: ${new URL(frontdesk.issuer).host}`,
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Length: 100',
    '',
    'grant_type=',
  ].join('\r\n');
  const sockets: Socket[] = Array.from({ length: 3 * maxInWork }, () => connect(frontdesk.port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => {});
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.write(head);
  for (let count = 0; count < maxInWork; count += 1) expect((await requestToken()).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

test('G05 requests that wait for the keys of an app that does not respond do not count as requests in work', async () => {
  const calls: string[] = [];
  const silentPort = await listen(createServer((request) => void calls.push(request.url!)));
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `http://keys.localhost:${silentPort}/` };
  const slow = await app(frontdesk, { id: 'slow', kind: 'machine', apis: [{ audience }], metadata });
  const key = await makeKey('RS256');
  let responseCount = 0;
  const waiting = Array.from({ length: 3 * maxInWork }, async () => {
    const proof = await assertion(key, slow.id, frontdesk.issuer);
    const { status } = await callAs(frontdesk, slow, '/oauth/token', { grant_type: 'client_credentials', ...proof });
    responseCount += 1;
    return status;
  });
  await eventually(() => calls.length === 1);
  await eventually(() => frontdesk.app.load().inWork === 0);
  expect([(await requestToken()).status, responseCount]).toEqual([200, 0]);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([401]));
});

test('D03 a sign-in is refused without a query while too many passwords wait to be hashed', async () => {
  proxy.freeze();
  const { hasher } = frontdesk.app;
  const hashes = Array.from({ length: 100 }, () => hasher.verify('wrong', undefined));
  const response = await sendRequest(urlOf('/interaction/anything/password'), {
    form: { login: 'ann', password: 'x' },
  });
  expect([response.status, response.headers['retry-after']]).toEqual([503, '5']);
  expect(response.body).toContain('sign_in_busy');
  proxy.thaw();
  await Promise.all(hashes);
});
