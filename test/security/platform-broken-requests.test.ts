/** Requirement G08 of README.md beside this file: no request that breaks off, and nothing that is no HTTP, is a fault. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { sendRequest } from '../support/browser.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { withRegistration } from '../support/registration.ts';

let frontdesk: Frontdesk;
let host: string;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { ...withRegistration, RATE_LIMIT_FACTOR: '1000' } });
  ({ host } = new URL(frontdesk.issuer));
});

/**
 * Sends text as it is.
 *
 * @param end how the connection is left after the first response, or after half a second without one
 */
async function sendRaw(text: string, end: 'reset' | 'close'): Promise<void> {
  const socket = connect(frontdesk.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.setTimeout(500, () => socket.emit('late'));
  socket.write(text);
  await Promise.race([once(socket, 'data'), once(socket, 'close'), once(socket, 'late')]);
  if (end === 'reset') socket.resetAndDestroy();
  else socket.destroy();
  if (!socket.closed) await once(socket, 'close');
}

/** Breaks off before anything can be answered. */
async function breakOff(text: string): Promise<void> {
  const socket = connect(frontdesk.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  await new Promise((written) => socket.write(text, written));
  socket.resetAndDestroy();
}

async function expectNoFault(): Promise<void> {
  // The server has seen what was sent before this.
  await sendRequest(`${frontdesk.issuer}/healthz`);
  expect(frontdesk.logged.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  expect(frontdesk.logged.filter((line) => line.includes('"status":500'))).toEqual([]);
}

const forms = [
  '/oauth/token',
  '/oauth/authorize',
  '/oauth/register',
  '/oauth/introspect',
  '/oauth/logout/confirm',
  '/interaction/x/password',
  '/account/devices/end-all',
];

const head = (path: string, ...more: string[]) =>
  [`POST ${path} HTTP/1.1`, `Host: ${host}`, 'Content-Type: application/x-www-form-urlencoded', ...more, '', ''].join(
    '\r\n',
  );

test.each(forms)('G08 a form to %s that breaks off', async (path) => {
  for (const body of ['', 'grant_type=']) {
    await breakOff(`${head(path, 'Content-Length: 100')}${body}`);
    await sendRaw(`${head(path, 'Content-Length: 100')}${body}`, 'close');
  }
  await sendRaw(`${head(path, 'Transfer-Encoding: chunked')}5\r\nabcde\r\nzz`, 'reset');
  await sendRaw(`${head(path, 'Transfer-Encoding: chunked')}ffffffffffffffff\r\nabcde`, 'reset');
  await expectNoFault();
});

test.each(forms)('G08 a body to %s in a form that is not understood', async (path) => {
  for (const headers of [
    ['Content-Encoding: gzip', 'Content-Length: 4'],
    ['Content-Encoding: br', 'Content-Length: 4'],
    ['Content-Encoding: nonsense', 'Content-Length: 4'],
    ['Content-Length: 4', 'Expect: 100-continue'],
    ['Content-Length: 4', 'Expect: nonsense'],
  ]) {
    await sendRaw(`${head(path, ...headers)}abcd`, 'close');
  }
  for (const type of [
    'application/x-www-form-urlencoded; charset=utf-16',
    'application/x-www-form-urlencoded; charset=nonsense',
    'multipart/form-data',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-7',
    '\x00',
    ';',
  ]) {
    await sendRaw(
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${type}\r\nContent-Length: 4\r\n\r\nabcd`,
      'close',
    );
  }
  await expectNoFault();
});

test('G08 people who leave before the response', async () => {
  for (const path of ['/', '/account', '/oauth/jwks', '/oauth/authorize?client_id=x', '/assets/x', '/readyz']) {
    for (let turn = 0; turn < 10; turn += 1) await breakOff(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  }
  await expectNoFault();
});

test.each([
  ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n'],
  ['a NUL in the path', 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an unknown method', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['an upgrade', 'GET / HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a target with a port that is none', 'GET http://HOST:99999/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a target of two slashes', 'GET //\\..\\ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n'],
  ['two lengths', 'POST /oauth/token HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['HTTP/1.0', 'GET /account HTTP/1.0\r\n\r\n'],
  ['HTTP/0.9', 'GET /\r\n'],
  ['many cookies', `GET /account HTTP/1.1\r\nHost: HOST\r\nCookie: ${'fd_session=x; '.repeat(600)}\r\n\r\n`],
])('G08 %s', async (_what, text) => {
  const sent = text.replaceAll('HOST', host);
  await sendRaw(sent, 'close');
  await breakOff(sent);
  await expectNoFault();
});
