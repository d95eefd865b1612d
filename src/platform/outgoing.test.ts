/** Requirements of test/security/README.md: C07, C08, G05. Tests that calls to URLs of apps reach only allowed hosts and are limited. */
import { createServer, type ServerResponse } from 'node:http';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { eventually } from '../../test/support/eventually.ts';
import { everyAddress, listen } from '../../test/support/listen.ts';
import { createOutgoing, type Calls } from './outgoing.ts';
import type { OutgoingFailed } from './outgoing-target.ts';

let port: number;
let requestedUrls: string[];
let connections: number;
let respond: (response: ServerResponse) => void;
let callsToPublicHosts: Calls;
let callsToAllowedHosts: Calls;

beforeAll(async () => {
  const server = createServer((request, response) => {
    requestedUrls.push(`${request.method} ${request.url}`);
    respond(response);
  });
  server.on('connection', () => (connections += 1));
  port = await listen(server, 0, everyAddress);
  const outgoing = createOutgoing({ allowedHosts: ['*.localhost', `127.0.0.1:${port}`] });
  closeAfterwards(outgoing);
  [callsToPublicHosts, callsToAllowedHosts] = [outgoing.toPublicHosts, outgoing.toAllowedHosts];
});
beforeEach(() => {
  requestedUrls = [];
  connections = 0;
  respond = (response) => response.end('fine');
});

const problem = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: OutgoingFailed) => error.problem,
  );

test('C07 no connection is opened to a private address in any notation', async () => {
  const hosts = [
    '127.0.0.1',
    '127.1',
    '0.0.0.0',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    'localhost',
    'LOCALHOST',
    'localhost.',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '[fe80::1]',
    '[fc00::1]',
    '[ff02::1]',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
  ];
  for (const host of hosts) {
    for (const url of [
      `https://${host}/x`,
      `http://${host}/x`,
      `https://${host}:${port}/x`,
      `http://${host}:${port}/x`,
    ]) {
      expect([url, await problem(callsToPublicHosts.get(url))]).toEqual([
        url,
        expect.stringMatching(/^(not_allowed|unreachable)$/),
      ]);
    }
  }
  expect(connections).toBe(0);
});

test.each([
  'http://example.com/',
  'https://example.com:8443/',
  'https://user@example.com/',
  'https://user:secret@example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://example.com/',
  'nonsense',
])('C07 %s is not called', async (url) => {
  expect(await problem(callsToPublicHosts.get(url))).toBe('not_allowed');
});

test('an allowed private host is called, and no other private host', async () => {
  expect(await callsToAllowedHosts.get(`http://site.localhost:${port}/a`)).toMatchObject({ status: 200, body: 'fine' });
  expect(await callsToAllowedHosts.postForm(`http://127.0.0.1:${port}/b`, { token: 'x y' })).toMatchObject({
    status: 200,
  });
  expect(requestedUrls).toEqual(['GET /a', 'POST /b']);
  expect(await problem(callsToAllowedHosts.get(`http://localhost:${port}/`))).toBe('not_allowed');
  expect(await problem(callsToAllowedHosts.get(`http://evil-localhost:${port}/`))).toBe('not_allowed');
});

test('C07 redirects are not followed', async () => {
  respond = (response) => response.writeHead(302, { location: `http://site.localhost:${port}/inside` }).end();
  expect(await callsToAllowedHosts.get(`http://site.localhost:${port}/`)).toMatchObject({ status: 302 });
  expect(requestedUrls).toEqual(['GET /']);
});

test('C07 an endless body is an error', async () => {
  respond = (response) => {
    const more = () => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', more);
    };
    more();
  };
  expect(await problem(callsToAllowedHosts.get(`http://site.localhost:${port}/`))).toBe('too_large');
});

test('C07 a body may have at most 64 KiB', async () => {
  for (const [bytes, expected] of [
    [65_536, 'none'],
    [65_537, 'too_large'],
  ] as const) {
    respond = (response) => response.end('x'.repeat(bytes));
    expect([bytes, await problem(callsToAllowedHosts.get(`http://site.localhost:${port}/`))]).toEqual([
      bytes,
      expected,
    ]);
  }
});

test('C07 a slow or missing response ends with a time-out', async () => {
  const sendSlowly = (response: ServerResponse) => {
    const timer = setInterval(() => response.write('x'), 1000);
    response.on('close', () => clearInterval(timer));
  };
  for (const slow of [sendSlowly, () => {}]) {
    respond = slow;
    const start = Date.now();
    expect(await problem(callsToAllowedHosts.get(`http://site.localhost:${port}/`))).toBe('timeout');
    expect(Date.now() - start).toBeGreaterThan(2500);
  }
});

test('G05 a host that does not respond gets ten calls and a hundred wait, and other hosts are called meanwhile', async () => {
  const pendingResponses: ServerResponse[] = [];
  respond = (response) => void pendingResponses.push(response);
  const slow = Array.from({ length: 120 }, () => problem(callsToAllowedHosts.get(`http://slow.localhost:${port}/`)));
  const refused = { host_busy: 0 };
  for (const call of slow) void call.then((name) => (refused.host_busy += name === 'host_busy' ? 1 : 0));
  await eventually(() => pendingResponses.length === 10);
  respond = (response) => response.end('fine');
  expect((await callsToAllowedHosts.get(`http://other.localhost:${port}/`)).status).toBe(200);
  expect([pendingResponses.length, refused.host_busy]).toEqual([10, 10]);
  for (const response of pendingResponses) response.end('late');
  const problems = await Promise.all(slow);
  expect(problems.filter((name) => name === 'none')).toHaveLength(110);
});

test('C08 calls do not use a proxy of the environment', async () => {
  const proxy = `http://127.0.0.1:${port}`;
  const { HTTPS_PROXY, HTTP_PROXY, NODE_USE_ENV_PROXY } = process.env;
  Object.assign(process.env, { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NODE_USE_ENV_PROXY: '1' });
  try {
    for (const url of ['https://10.0.0.1/', 'https://localhost/', 'https://169.254.169.254/']) {
      expect(await problem(callsToPublicHosts.get(url))).toBe('not_allowed');
    }
  } finally {
    for (const [name, value] of Object.entries({ HTTPS_PROXY, HTTP_PROXY, NODE_USE_ENV_PROXY })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
  expect(requestedUrls).toEqual([]);
});
