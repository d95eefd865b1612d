/** Names by the hosts file and by a name server that answers, is silent, or lies. */
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

test('addresses of both families, IPv4 first', async () => {
  server.zone = { 'app.example': ['2001:db8::7', '192.0.2.7', '192.0.2.8'] };
  expect(await resolve('App.Example')).toEqual([
    { address: '192.0.2.7', family: 4 },
    { address: '192.0.2.8', family: 4 },
    { address: '2001:db8::7', family: 6 },
  ]);
  expect(server.queries.toSorted()).toEqual(['A app.example', 'AAAA app.example']);
});

test.each([['192.0.2.7'], ['2001:db8::7']])('a name that has %s alone', async (address) => {
  server.zone = { 'app.example': [address] };
  expect(await addressesOf('app.example')).toEqual([address]);
});

test('an alias leads to the addresses of its name', async () => {
  server.zone = { 'app.example': { cname: 'host.example' }, 'host.example': ['192.0.2.9'] };
  expect(await addressesOf('app.example')).toEqual(['192.0.2.9']);
});

test('a name that does not exist, and one without addresses', async () => {
  server.zone = { 'empty.example': [] };
  expect(await problemOf('unknown.example')).toBe('ENOTFOUND');
  expect(await problemOf('empty.example')).toBe('ENOTFOUND');
});

test('a name server that is silent, or broken, is given up', async () => {
  server.zone = { 'silent.example': 'silent', 'broken.example': 'broken' };
  expect(await problemOf('silent.example')).toBe('EAI_AGAIN');
  expect(await problemOf('broken.example')).toBe('EAI_AGAIN');
});

test('addresses of one family are used when nothing is heard of the other', async () => {
  server.zone = { 'half.example': 'silent for AAAA' };
  expect(await addressesOf('half.example')).toEqual(['93.184.216.34']);
});

test('an answer that is cut off is fetched whole', async () => {
  const many = Array.from({ length: 60 }, (_, index) => `192.0.2.${index + 1}`);
  server.zone = { 'many.example': many };
  server.isTruncating = true;
  expect((await addressesOf('many.example')).toSorted()).toEqual(many.toSorted());
});

test('names of the hosts file and of this machine are not asked of a name server', async () => {
  expect(await addressesOf('localhost')).toContain('127.0.0.1');
  expect(await addressesOf('LOCALHOST.')).toContain('127.0.0.1');
  expect(await addressesOf('site.localhost')).toEqual(['127.0.0.1']);
  expect(server.queries).toEqual([]);
});

test('G05 a hundred names that are not answered take no thread from other work', async () => {
  server.zone = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`dead-${index}.example`, 'silent']));
  let given = 0;
  const dead = Object.keys(server.zone).map((name) => problemOf(name).finally(() => (given += 1)));
  const hash = promisify(pbkdf2);
  await Promise.all(Array.from({ length: 10 }, () => hash('password', 'salt', 1, 32, 'sha256')));
  expect(given).toBe(0);
  expect(new Set(await Promise.all(dead))).toEqual(new Set(['EAI_AGAIN']));
});

test('a socket gets the family that it asks for', async () => {
  server.zone = { 'app.example': ['2001:db8::7', '192.0.2.7'] };
  const lookup = toLookup(resolve);
  const found = (options: object) =>
    new Promise((done) => {
      lookup('app.example', options, (error, address, family) => done([error?.code, address, family]));
    });
  expect(await found({})).toEqual([undefined, '192.0.2.7', 4]);
  expect(await found({ family: 6 })).toEqual([undefined, '2001:db8::7', 6]);
  expect(await found({ family: 6, all: true })).toEqual([
    undefined,
    [{ address: '2001:db8::7', family: 6 }],
    undefined,
  ]);
});
