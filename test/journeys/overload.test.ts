/** G06, D03, G05: more comes than can be done. Who is refused, who is not, and what is not done. */
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

/** Twice the connections of `DATABASE_POOL`. */
const places = 12;

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
  await eventually(async () => (await token()).status === 200);
});

const at = (path: string) => `${frontdesk.issuer}${path}`;
const token = (): Promise<HttpResponse> =>
  callAs(frontdesk, machine, '/oauth/token', { grant_type: 'client_credentials', resource: audience });

/** Silences the database, and sends requests that wait for it, one for each place. */
async function takeAllPlaces(): Promise<Promise<HttpResponse>[]> {
  proxy.freeze();
  const waiting = Array.from({ length: places }, token);
  // Those that find all places taken wait half a second, and are refused.
  await eventually(async () => (await sendRequest(at('/'))).headers['retry-after'] === '2');
  return waiting;
}

test('G06 what would wait is refused at once: a page for people, JSON for programs, and a line of the log', async () => {
  const waiting = await takeAllPlaces();
  const page = await sendRequest(at('/account'));
  expect([page.status, page.headers['retry-after'], page.headers['cache-control']]).toEqual([503, '2', 'no-store']);
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(page.headers['set-cookie']).toBeUndefined();
  expect(page.body).toContain('server_busy');
  const json = await token();
  expect([json.status, json.headers['retry-after'], json.headers['x-content-type-options']]).toEqual([
    503,
    '2',
    'nosniff',
  ]);
  expect(json.json()).toEqual({ error: 'temporarily_unavailable', error_description: expect.any(String) });

  const line = await eventually(() => frontdesk.logged.find((each) => each.includes('overloaded')));
  expect(JSON.parse(line!)).toMatchObject({ level: 'warn', refused: expect.any(Number), inWork: places });
  expect(frontdesk.logged.filter((each) => each.includes('server_busy'))).toEqual([]);
  proxy.thaw();
  await Promise.all(waiting);
});

test('G06 health, keys and styles are served while the database is silent and all places are taken', async () => {
  expect((await sendRequest(at('/oauth/jwks'))).status).toBe(200);
  const style = /\/assets\/forms\.\w+\.css/.exec((await sendRequest(at('/'))).body)![0];
  const waiting = await takeAllPlaces();
  for (const path of ['/healthz', '/oauth/jwks', style]) {
    expect([path, (await sendRequest(at(path))).status]).toEqual([path, 200]);
  }
  expect((await sendRequest(at('/readyz'))).status).toBe(503);
  proxy.thaw();
  await Promise.all(waiting);
});

test('G06 the request of a client that has left is not worked on', async () => {
  const patient = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { DATABASE_URL: proxy.url } });
  const send = (path: string) => {
    const socket = connect(patient.port, '127.0.0.1').on('error', () => {});
    socket.resume().write(`GET ${path} HTTP/1.1\r\nHost: ${new URL(frontdesk.issuer).host}\r\n\r\n`);
    return socket;
  };
  const isLogged = (path: string) => patient.logged.some((line) => line.includes(`"path":"${path}"`));
  proxy.freeze();
  const first = Array.from({ length: places }, () => send('/oauth/authorize?client_id=machine'));
  await eventually(() => patient.app.load().inWork === places);
  const [stays, leaves] = [send('/stays'), send('/leaves')];
  await eventually(() => patient.app.load().waiting === 2);
  leaves.destroy();
  await eventually(() => patient.app.load().waiting === 1);
  proxy.thaw();
  await eventually(() => isLogged('/stays'));
  expect(isLogged('/leaves')).toBe(false);
  for (const socket of [stays, ...first]) socket.destroy();
  await patient.close();
});

test('F02 bodies that arrive slowly take no place', async () => {
  const head = [
    'POST /oauth/token HTTP/1.1',
    `Host: ${new URL(frontdesk.issuer).host}`,
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Length: 100',
    '',
    'grant_type=',
  ].join('\r\n');
  const sockets: Socket[] = Array.from({ length: 3 * places }, () => connect(frontdesk.port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => {});
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.write(head);
  for (let count = 0; count < places; count += 1) expect((await token()).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

test('G05 requests that wait for the keys of a silent app take no place', async () => {
  const calls: string[] = [];
  const silent = await listen(createServer((request) => void calls.push(request.url!)));
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `http://keys.localhost:${silent}/` };
  const slow = await app(frontdesk, { id: 'slow', kind: 'machine', apis: [{ audience }], metadata });
  const key = await makeKey('RS256');
  let answered = 0;
  const waiting = Array.from({ length: 3 * places }, async () => {
    const proof = await assertion(key, slow.id, frontdesk.issuer);
    const { status } = await callAs(frontdesk, slow, '/oauth/token', { grant_type: 'client_credentials', ...proof });
    answered += 1;
    return status;
  });
  await eventually(() => calls.length === 1);
  await eventually(() => frontdesk.app.load().inWork === 0);
  expect([(await token()).status, answered]).toEqual([200, 0]);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([401]));
});

test('D03 a sign-in is refused before any query while too many wait for their hash', async () => {
  proxy.freeze();
  const { hasher } = frontdesk.app;
  const hashes = Array.from({ length: 100 }, () => hasher.verify('wrong', undefined));
  const response = await sendRequest(at('/interaction/anything/password'), { form: { login: 'ann', password: 'x' } });
  expect([response.status, response.headers['retry-after']]).toEqual([503, '5']);
  expect(response.body).toContain('sign_in_busy');
  proxy.thaw();
  await Promise.all(hashes);
});
