/** Tests how host names are resolved by the hosts file and by working, silent and broken name servers. */
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { startNameServer, type NameServer } from '../../test/support/name-server.ts';
import { createResolver, toLookup, type ResolveHost } from './resolve-host.ts';

let server: NameServer;
let resolve: ResolveHost;

beforeAll(async () => {
  server = await startNameServer();
  resolve = createResolver({ servers: [server.address] });
});
beforeEach(() => {
  server.queries.length = 0;
  server.isTruncating = false;
});

const addressesOf = async (name: string) => (await resolve(name)).map(({ address }) => address);
const problemOf = (name: string) =>
  resolve(name).then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

test('a name resolves to addresses of both families, IPv4 first', async () => {
  server.zone = { 'app.example': ['2001:db8::7', '192.0.2.7', '192.0.2.8'] };
  expect(await resolve('App.Example')).toEqual([
    { address: '192.0.2.7', family: 4 },
    { address: '192.0.2.8', family: 4 },
    { address: '2001:db8::7', family: 6 },
  ]);
  expect(server.queries.toSorted()).toEqual(['A app.example', 'AAAA app.example']);
});

test.each([['192.0.2.7'], ['2001:db8::7']])('a name resolves to its only address %s', async (address) => {
  server.zone = { 'app.example': [address] };
  expect(await addressesOf('app.example')).toEqual([address]);
});

test('an alias resolves to the addresses of its target', async () => {
  server.zone = { 'app.example': { cname: 'host.example' }, 'host.example': ['192.0.2.9'] };
  expect(await addressesOf('app.example')).toEqual(['192.0.2.9']);
});

test('a name that does not exist or has no address is not found', async () => {
  server.zone = { 'empty.example': [] };
  expect(await problemOf('unknown.example')).toBe('ENOTFOUND');
  expect(await problemOf('empty.example')).toBe('ENOTFOUND');
});

test('a silent or broken name server gives a temporary failure', async () => {
  server.zone = { 'silent.example': 'silent', 'broken.example': 'broken' };
  expect(await problemOf('silent.example')).toBe('EAI_AGAIN');
  expect(await problemOf('broken.example')).toBe('EAI_AGAIN');
});

test('addresses of one family are used when the other query gets no response', async () => {
  server.zone = { 'half.example': 'silent for AAAA' };
  expect(await addressesOf('half.example')).toEqual(['93.184.216.34']);
});

test('a truncated response is requested again over TCP', async () => {
  const manyAddresses = Array.from({ length: 60 }, (_, index) => `192.0.2.${index + 1}`);
  server.zone = { 'many.example': manyAddresses };
  server.isTruncating = true;
  expect((await addressesOf('many.example')).toSorted()).toEqual(manyAddresses.toSorted());
});

test('no name server is queried for names in the hosts file and under localhost', async () => {
  expect(await addressesOf('localhost')).toContain('127.0.0.1');
  expect(await addressesOf('LOCALHOST.')).toContain('127.0.0.1');
  expect(await addressesOf('site.localhost')).toEqual(['127.0.0.1']);
  expect(server.queries).toEqual([]);
});

test('G05 a hundred unanswered names take no thread from other work', async () => {
  server.zone = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`silent-${index}.example`, 'silent']));
  let settledCount = 0;
  const failures = Object.keys(server.zone).map((name) => problemOf(name).finally(() => (settledCount += 1)));
  const hash = promisify(pbkdf2);
  await Promise.all(Array.from({ length: 10 }, () => hash('password', 'salt', 1, 32, 'sha256')));
  expect(settledCount).toBe(0);
  expect(new Set(await Promise.all(failures))).toEqual(new Set(['EAI_AGAIN']));
});

test('a socket gets an address of the requested family', async () => {
  server.zone = { 'app.example': ['2001:db8::7', '192.0.2.7'] };
  const lookup = toLookup(resolve);
  const lookUp = (options: object) =>
    new Promise((done) => {
      lookup('app.example', options, (error, address, family) => done([error?.code, address, family]));
    });
  expect(await lookUp({})).toEqual([undefined, '192.0.2.7', 4]);
  expect(await lookUp({ family: 6 })).toEqual([undefined, '2001:db8::7', 6]);
  expect(await lookUp({ family: 6, all: true })).toEqual([
    undefined,
    [{ address: '2001:db8::7', family: 6 }],
    undefined,
  ]);
});
