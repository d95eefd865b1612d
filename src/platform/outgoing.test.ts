/** Requirements C07, C08 of test/security/README.md: calls to URLs of apps. */
import { createServer, type ServerResponse } from 'node:http';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { eventually } from '../../test/support/eventually.ts';
import { everyAddress, listen } from '../../test/support/listen.ts';
import { createOutgoing, type Calls } from './outgoing.ts';
import type { OutgoingFailed } from './outgoing-target.ts';

let port: number;
let visits: string[];
let connections: number;
let answer: (response: ServerResponse) => void;
let strict: Calls;
let open: Calls;

beforeAll(async () => {
  const server = createServer((request, response) => {
    visits.push(`${request.method} ${request.url}`);
    answer(response);
  });
  server.on('connection', () => (connections += 1));
  port = await listen(server, 0, everyAddress);
  const outgoing = createOutgoing({ allowedHosts: ['*.localhost', `127.0.0.1:${port}`] });
  closeAfterwards(outgoing);
  [strict, open] = [outgoing.toPublicHosts, outgoing.toAllowedHosts];
});
beforeEach(() => {
  visits = [];
  connections = 0;
  answer = (response) => response.end('fine');
});

const problem = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: OutgoingFailed) => error.problem,
  );

test('C07 no byte reaches a private address, however it is written', async () => {
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
      expect([url, await problem(strict.get(url))]).toEqual([
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
  expect(await problem(strict.get(url))).toBe('not_allowed');
});

test('an allowed host is called, and no other private one', async () => {
  expect(await open.get(`http://site.localhost:${port}/a`)).toMatchObject({ status: 200, body: 'fine' });
  expect(await open.postForm(`http://127.0.0.1:${port}/b`, { token: 'x y' })).toMatchObject({ status: 200 });
  expect(visits).toEqual(['GET /a', 'POST /b']);
  expect(await problem(open.get(`http://localhost:${port}/`))).toBe('not_allowed');
  expect(await problem(open.get(`http://evil-localhost:${port}/`))).toBe('not_allowed');
});

test('C07 redirects are not followed', async () => {
  answer = (response) => response.writeHead(302, { location: `http://site.localhost:${port}/inside` }).end();
  expect(await open.get(`http://site.localhost:${port}/`)).toMatchObject({ status: 302 });
  expect(visits).toEqual(['GET /']);
});

test('C07 an endless body is cut off', async () => {
  answer = (response) => {
    const more = () => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', more);
    };
    more();
  };
  expect(await problem(open.get(`http://site.localhost:${port}/`))).toBe('too_large');
});

test('C07 a body may have 64 KiB', async () => {
  for (const [bytes, expected] of [
    [65_536, 'none'],
    [65_537, 'too_large'],
  ] as const) {
    answer = (response) => response.end('x'.repeat(bytes));
    expect([bytes, await problem(open.get(`http://site.localhost:${port}/`))]).toEqual([bytes, expected]);
  }
});

test('C07 a slow answer and no answer end with a time-out', async () => {
  const byBytes = (response: ServerResponse) => {
    const timer = setInterval(() => response.write('x'), 1000);
    response.on('close', () => clearInterval(timer));
  };
  for (const slow of [byBytes, () => {}]) {
    answer = slow;
    const start = Date.now();
    expect(await problem(open.get(`http://site.localhost:${port}/`))).toBe('timeout');
    expect(Date.now() - start).toBeGreaterThan(2500);
  }
});

test('G05 a host that does not respond has ten calls, a hundred wait, and others are called meanwhile', async () => {
  const held: ServerResponse[] = [];
  answer = (response) => void held.push(response);
  const slow = Array.from({ length: 120 }, () => problem(open.get(`http://slow.localhost:${port}/`)));
  const settled = { host_busy: 0 };
  for (const each of slow) void each.then((name) => (settled.host_busy += name === 'host_busy' ? 1 : 0));
  await eventually(() => held.length === 10);
  answer = (response) => response.end('fine');
  expect((await open.get(`http://other.localhost:${port}/`)).status).toBe(200);
  expect([held.length, settled.host_busy]).toEqual([10, 10]);
  for (const response of held) response.end('late');
  const problems = await Promise.all(slow);
  expect(problems.filter((name) => name === 'none')).toHaveLength(110);
});

test('C08 a proxy of the environment and a global dispatcher are not used', async () => {
  const proxy = `http://127.0.0.1:${port}`;
  const { HTTPS_PROXY, HTTP_PROXY, NODE_USE_ENV_PROXY } = process.env;
  Object.assign(process.env, { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NODE_USE_ENV_PROXY: '1' });
  try {
    for (const url of ['https://10.0.0.1/', 'https://localhost/', 'https://169.254.169.254/']) {
      expect(await problem(strict.get(url))).toBe('not_allowed');
    }
  } finally {
    for (const [name, value] of Object.entries({ HTTPS_PROXY, HTTP_PROXY, NODE_USE_ENV_PROXY })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
  expect(visits).toEqual([]);
});
