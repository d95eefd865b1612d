/** Tests of the tool that need no suite. */
import { X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import { once } from 'node:events';
import { closeAfterwards } from '../support/cleanup.ts';
import { freePort, listen } from '../support/listen.ts';
import { readArguments } from './arguments.ts';
import { makeCertificates } from '../support/certificate.ts';
import { readProfiles } from './profile.ts';
import { readSettings } from './settings.ts';
import { connectSuite } from './suite.ts';
import { startTlsProxy } from './tls-proxy.ts';

const profiles = readProfiles();

test('arguments are profiles and options', () => {
  const chosen = readArguments(['basic-static', 'config', 'config', '--module', 'oidcc-server'], profiles);
  expect(chosen.profiles.map(({ name }) => name)).toEqual(['basic-static', 'config']);
  expect(chosen).toMatchObject({ only: ['oidcc-server'], target: undefined, isPublish: false });
  expect(readArguments(['all'], profiles).profiles).toHaveLength(profiles.length);
  expect(readArguments(['config', '--target', 'https://login.example/'], profiles).target).toBe(
    'https://login.example',
  );
  expect(readArguments(['--list'], profiles)).toMatchObject({ profiles: [], isList: true });
});

test.each([
  [[], 'name a profile'],
  [['nonsense'], 'there is no profile nonsense'],
  [['config', '--wrong'], '--wrong'],
  [['config', '--local', '--target', 'https://a.example'], 'not both'],
  [['config', '--target', 'http://a.example'], '--target must be like https'],
  [['config', '--target', 'https://a.example/path'], 'with no path'],
  [['config', 'default-config', '--target', 'https://a.example'], 'with CONFORMANCE_PROFILE or without'],
])('the arguments %j are refused', (args, words) => {
  expect(() => readArguments(args, profiles)).toThrow(words);
});

test('settings have defaults, and invalid ones are refused', () => {
  expect(readSettings({})).toMatchObject({
    server: 'https://localhost.emobix.co.uk:8443',
    issuer: 'https://localhost:9443',
    token: undefined,
  });
  expect(() => readSettings({ CONFORMANCE_SERVER: 'http://suite.example' })).toThrow('CONFORMANCE_SERVER');
  expect(() => readSettings({ CONFORMANCE_LOGIN: 'ann' })).toThrow('set both');
});

test.each(['login.example', '127.0.0.1'])('the certificate of %s is signed by its authority', (name) => {
  const { authority, chain } = makeCertificates(name);
  const [certificate, issuer] = [new X509Certificate(chain), new X509Certificate(authority)];
  expect(certificate.verify(issuer.publicKey)).toBe(true);
  expect(certificate.checkIssued(issuer)).toBe(true);
  expect([certificate.ca, issuer.ca]).toEqual([false, true]);
  expect(/^\d/.test(name) ? certificate.checkIP(name) : certificate.checkHost(name)).toBe(name);
});

test('the TLS proxy forwards requests, with the address and scheme of the client', async () => {
  const respond = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { host, 'x-forwarded-for': address, 'x-forwarded-proto': scheme } = incoming.headers;
    const body = String(Buffer.concat(await incoming.toArray()));
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    response.writeHead(201).end(JSON.stringify([incoming.method, incoming.url, host, address, scheme, body]));
  };
  const upstream = await listen(createServer((incoming, response) => void respond(incoming, response)));
  const certificates = makeCertificates('localhost');
  const port = await freePort();
  const proxy = await startTlsProxy(certificates, { host: '127.0.0.1', port }, upstream);
  closeAfterwards(proxy);
  const name = { host: '127.0.0.1', port, servername: 'localhost' };
  const options = { ...name, ca: certificates.authority, method: 'POST', path: '/a?b' };
  // The proxy replaces this header of the client.
  const sent = request({ ...options, headers: { host: `localhost:${port}`, 'X-Forwarded-For': '10.0.0.1' } }).end(
    'body',
  );
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect([response.statusCode, response.headers['set-cookie']]).toEqual([201, ['a=1', 'b=2']]);
  expect(JSON.parse(String(Buffer.concat(await response.toArray())))).toEqual([
    ...['POST', '/a?b', `localhost:${port}`, '127.0.0.1', 'https', 'body'],
  ]);
});

test('the message says that the suite is not reached', async () => {
  const port = await freePort();
  await expect(connectSuite(`https://127.0.0.1:${port}`, undefined).version()).rejects.toThrow('ECONNREFUSED');
});

test('a GET is repeated when the suite responds 500, and a POST is not', async () => {
  const requests: string[] = [];
  const port = await listen(
    createServer(({ method, url }, response) => {
      requests.push(`${method} ${url}`);
      const isThird = requests.length % 3 === 0;
      response.writeHead(isThird ? 200 : 500).end(isThird ? '{"status":"WAITING"}' : 'busy');
    }),
  );
  const suite = connectSuite(`http://127.0.0.1:${port}`, undefined);
  expect(await suite.info('a')).toEqual({ status: 'WAITING' });
  expect(requests).toEqual(Array(3).fill('GET /api/info/a'));
  await expect(suite.start('a')).rejects.toThrow('500 busy');
  expect(requests.slice(3)).toEqual(['POST /api/runner/a']);
});
