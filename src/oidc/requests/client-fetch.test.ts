/** Requirements of test/security/README.md: C07, C09, G04. Tests that a document of a client is fetched at most once a minute, failures included. */
import { createServer } from 'node:http';
import { closeAfterwards } from '../../../test/support/cleanup.ts';
import { listen } from '../../../test/support/listen.ts';
import { createOutgoing, type Outgoing } from '../../platform/outgoing.ts';
import { createCallsFor } from '../calls-for.ts';
import { createClientFetch } from './client-fetch.ts';

let port: number;
let outgoing: Outgoing;
let requestedUrls: string[];
let status: number;
let urlOf: (path: string) => string;
/** Fetches for a client that an operator registered, or that registered itself. */
let fetchFor: ReturnType<typeof createClientFetch>;
const operatorsClient = { isSelfRegistered: false };
const fetchOnce = (url: string, options?: RequestInit) => fetchFor(operatorsClient, url, options);

beforeAll(async () => {
  const server = createServer((request, response) => {
    requestedUrls.push(`${request.method} ${request.url} ${request.headers['accept'] ?? ''}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(status === 204 ? undefined : '{"keys":[]}');
  });
  port = await listen(server);
  urlOf = (path) => `http://app.localhost:${port}${path}`;
  outgoing = createOutgoing({ allowedHosts: ['*.localhost'] });
  closeAfterwards(outgoing);
});

const { now } = Date;
const setSecondsPassed = (seconds: number) => void (Date.now = () => now() + seconds * 1000);
beforeEach(() => {
  requestedUrls = [];
  status = 200;
  const callsFor = createCallsFor(outgoing, { hasClientRegistration: true, isConformance: false });
  fetchFor = createClientFetch(callsFor);
});
afterEach(() => void (Date.now = now));

const fetchPath = (path: string) => fetchOnce(urlOf(path), { headers: { Accept: 'application/json' } });

test('a response has its status, headers and body', async () => {
  const received = await fetchPath('/keys');
  expect([received.status, received.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(await received.json()).toEqual({ keys: [] });
  expect(requestedUrls).toEqual(['GET /keys application/json']);
  status = 204;
  expect((await fetchPath('/nothing')).status).toBe(204);
  status = 404;
  expect((await fetchPath('/missing')).status).toBe(404);
});

test('C09 concurrent fetches and all fetches within a minute share one call', async () => {
  const responses = await Promise.all(Array.from({ length: 100 }, () => fetchPath('/keys')));
  // Each response has its own readable body.
  for (const received of responses) expect(await received.json()).toEqual({ keys: [] });
  setSecondsPassed(59);
  await fetchPath('/keys');
  expect(requestedUrls).toHaveLength(1);
  setSecondsPassed(61);
  await fetchPath('/keys');
  expect(requestedUrls).toHaveLength(2);
});

test('C09 a failure is cached like a response', async () => {
  status = 500;
  for (let count = 0; count < 3; count += 1) expect((await fetchPath('/broken')).status).toBe(500);
  expect(requestedUrls).toHaveLength(1);

  // The server closes each connection. The first failure is repeated without another call.
  const brokenServer = createServer((_request, response) => void response.destroy());
  const url = `http://app.localhost:${await listen(brokenServer)}/`;
  let callCount = 0;
  brokenServer.on('request', () => (callCount += 1));
  for (let count = 0; count < 3; count += 1) await expect(fetchOnce(url)).rejects.toThrow('unreachable');
  expect(callCount).toBe(1);
  setSecondsPassed(61);
  await expect(fetchOnce(url)).rejects.toThrow('unreachable');
  expect(callCount).toBe(2);
});

test('C09 each URL is fetched separately', async () => {
  await Promise.all(['/one', '/two', '/one?x'].map(fetchPath));
  expect(requestedUrls).toHaveLength(3);
});

test('C09 at most five hundred URLs are cached', async () => {
  for (let index = 0; index < 500; index += 1) await fetchPath(`/${index}`);
  await fetchPath('/0');
  expect(requestedUrls).toHaveLength(500);
  await fetchPath('/500');
  await fetchPath('/0');
  expect(requestedUrls).toHaveLength(502);
  await fetchPath('/500');
  expect(requestedUrls).toHaveLength(502);
});

test('C07 a URL that is not allowed is not fetched', async () => {
  await expect(fetchOnce(`http://127.0.0.1:${port}/keys`)).rejects.toThrow('not_allowed');
  expect(requestedUrls).toEqual([]);
});

test('G04 a client that registered itself gets no document of an allowed private host, not even from the cache', async () => {
  expect((await fetchPath('/keys')).status).toBe(200);
  await expect(fetchFor({ isSelfRegistered: true }, urlOf('/keys'))).rejects.toThrow('not_allowed');
  expect(requestedUrls).toHaveLength(1);
});
