/** Requirements C07, C09 of test/security/README.md: what clients name in their metadata is fetched once a minute and address, failures included. */
import { createServer } from 'node:http';
import { closeAfterwards } from '../../../test/support/cleanup.ts';
import { listen } from '../../../test/support/listen.ts';
import { createOutgoing, type Outgoing } from '../../platform/outgoing.ts';
import { createCallsFor } from '../calls-for.ts';
import { createClientFetch } from './client-fetch.ts';

let port: number;
let outgoing: Outgoing;
let visits: string[];
let status: number;
let address: (path: string) => string;
/** For a client of an operator, or one that registered itself. */
let fetchFor: ReturnType<typeof createClientFetch>;
const operators = { isSelfRegistered: false };
const fetchOnce = (url: string, options?: RequestInit) => fetchFor(operators, url, options);

beforeAll(async () => {
  const server = createServer((request, response) => {
    visits.push(`${request.method} ${request.url} ${request.headers['accept'] ?? ''}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(status === 204 ? undefined : '{"keys":[]}');
  });
  port = await listen(server);
  address = (path) => `http://app.localhost:${port}${path}`;
  outgoing = createOutgoing({ allowedHosts: ['*.localhost'] });
  closeAfterwards(outgoing);
});

const { now } = Date;
const wait = (seconds: number) => void (Date.now = () => now() + seconds * 1000);
beforeEach(() => {
  visits = [];
  status = 200;
  const callsFor = createCallsFor(outgoing, { hasClientRegistration: true, isConformance: false });
  fetchFor = createClientFetch(callsFor);
});
afterEach(() => void (Date.now = now));

const fetched = (path: string) => fetchOnce(address(path), { headers: { Accept: 'application/json' } });

test('an answer comes with its status, headers and body', async () => {
  const answer = await fetched('/keys');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(await answer.json()).toEqual({ keys: [] });
  expect(visits).toEqual(['GET /keys application/json']);
  status = 204;
  expect((await fetched('/nothing')).status).toBe(204);
  status = 404;
  expect((await fetched('/missing')).status).toBe(404);
});

test('C09 a hundred concurrent fetches, and all others within a minute, share one call', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, () => fetched('/keys')));
  // Each has a body of its own to read.
  for (const answer of answers) expect(await answer.json()).toEqual({ keys: [] });
  wait(59);
  await fetched('/keys');
  expect(visits).toHaveLength(1);
  wait(61);
  await fetched('/keys');
  expect(visits).toHaveLength(2);
});

test('C09 a failure is remembered like a response', async () => {
  status = 500;
  for (let count = 0; count < 3; count += 1) expect((await fetched('/broken')).status).toBe(500);
  expect(visits).toHaveLength(1);

  // Nobody listens: found out once, and said again without another try.
  const silent = createServer((_request, response) => void response.destroy());
  const url = `http://app.localhost:${await listen(silent)}/`;
  let calls = 0;
  silent.on('request', () => (calls += 1));
  for (let count = 0; count < 3; count += 1) await expect(fetchOnce(url)).rejects.toThrow('unreachable');
  expect(calls).toBe(1);
  wait(61);
  await expect(fetchOnce(url)).rejects.toThrow('unreachable');
  expect(calls).toBe(2);
});

test('C09 each URL is fetched separately', async () => {
  await Promise.all(['/one', '/two', '/one?x'].map(fetched));
  expect(visits).toHaveLength(3);
});

test('C09 no more than five hundred URLs are remembered', async () => {
  for (let index = 0; index < 500; index += 1) await fetched(`/${index}`);
  await fetched('/0');
  expect(visits).toHaveLength(500);
  await fetched('/500');
  await fetched('/0');
  expect(visits).toHaveLength(502);
  await fetched('/500');
  expect(visits).toHaveLength(502);
});

test('C07 a URL that is not allowed is not fetched', async () => {
  await expect(fetchOnce(`http://127.0.0.1:${port}/keys`)).rejects.toThrow('not_allowed');
  expect(visits).toEqual([]);
});

test('G04 what an operator allowed is not fetched for a client that registered itself, not even from memory', async () => {
  expect((await fetched('/keys')).status).toBe(200);
  await expect(fetchFor({ isSelfRegistered: true }, address('/keys'))).rejects.toThrow('not_allowed');
  expect(visits).toHaveLength(1);
});
