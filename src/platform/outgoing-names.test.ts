/** Requirement of test/security/README.md: C07. Tests that names with private addresses are not called, also after DNS rebinding. */
import { createServer } from 'node:net';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { eventually } from '../../test/support/eventually.ts';
import { everyAddress, listen } from '../../test/support/listen.ts';
import { startNameServer, type NameServer } from '../../test/support/name-server.ts';
import { createOutgoing, type Calls } from './outgoing.ts';
import type { OutgoingFailed } from './outgoing-target.ts';
import { createResolver } from './resolve-host.ts';

let port: number;
let connections = 0;
let calls: Calls;
let nameServer: NameServer;
let resolutions = 0;

beforeAll(async () => {
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  port = await listen(server, 0, everyAddress);
  nameServer = await startNameServer();
  const resolve = createResolver({ servers: [nameServer.address] });
  const resolveHost: typeof resolve = (name) => {
    resolutions += 1;
    return resolve(name);
  };
  const outgoing = createOutgoing({ allowedHosts: ['named.example'], resolveHost });
  closeAfterwards(outgoing);
  calls = outgoing.toAllowedHosts;
});
beforeEach(() => {
  connections = 0;
  resolutions = 0;
});

const problem = (url: string): Promise<string> =>
  calls.get(url).then(
    () => 'none',
    (error: OutgoingFailed) => error.problem,
  );

test.each([
  [['127.0.0.1']],
  [['::1']],
  [['::ffff:127.0.0.1']],
  [['10.1.2.3']],
  [['169.254.169.254']],
  [['fe80::1']],
  [['4000::1', '127.0.0.1']],
  [['10.0.0.1', '4000::1']],
])('C07 a name that resolves to %j is not called', async (addresses) => {
  nameServer.zone = { 'private.example': addresses };
  expect(await problem('https://private.example/')).toBe('not_allowed');
  expect(connections).toBe(0);
});

test.each([
  ['NAT64 (RFC 6052)', '64:ff9b::5db8:d822', '64:ff9b::a00:1'],
  ['NAT64 of this network (RFC 8215), /96', '64:ff9b:1::5db8:d822', '64:ff9b:1::a00:1'],
  ['NAT64 of this network, /48', '64:ff9b:1:5db8:d8:2200::', '64:ff9b:1:a00:0:100::'],
  ['NAT64 of this network, /56', '64:ff9b:1:5d:b8:d822::', '64:ff9b:1:a:0:1::'],
  ['NAT64 of this network, /64', '64:ff9b:1:0:5d:b8d8:2200:0', '64:ff9b:1:0:a:0:100:0'],
  ['6to4', '2002:5db8:d822::1', '2002:a00:1::1'],
  ['Teredo, by its client', '2001:0:5db8:d822::a247:27dd', '2001:0:5db8:d822::f5ff:fffe'],
  ['Teredo, by its server', '2001:0:808:808::a247:27dd', '2001:0:a00:1::a247:27dd'],
  ['IPv4-mapped', '::ffff:5db8:d822', '::ffff:a00:1'],
])(
  'C07 an address of the kind %s is checked by the IPv4 address within',
  async (_name, publicAddress, privateAddress) => {
    nameServer.zone = { 'translated.example': [publicAddress] };
    expect(await problem('https://translated.example/')).toMatch(/^(unreachable|timeout)$/);
    expect(await problem(`https://[${publicAddress}]/`)).toMatch(/^(unreachable|timeout)$/);
    nameServer.zone = { 'translated.example': [privateAddress] };
    expect(await problem('https://translated.example/')).toBe('not_allowed');
    expect(await problem(`https://[${privateAddress}]/`)).toBe('not_allowed');
  },
);

test.each([
  ['loopback behind a shorter prefix', '64:ff9b:1:7f00:0:100:5db8:d822'],
  ['a NAT64 address without an IPv4 address', '64:ff9b:1::'],
  ['IPv4-translated (RFC 7915)', '::ffff:0:5db8:d822'],
])('C07 %s is not called', async (_name, address) => {
  nameServer.zone = { 'translated.example': [address] };
  expect(await problem('https://translated.example/')).toBe('not_allowed');
});

test('C07 an alias of a private name is not called', async () => {
  nameServer.zone = { 'alias.example': { cname: 'inside.example' }, 'inside.example': ['127.0.0.1'] };
  expect(await problem('https://alias.example/')).toBe('not_allowed');
  expect(connections).toBe(0);
});

test('C07 the connection uses the checked addresses, not a later DNS response', async () => {
  // IANA has not allocated this public address.
  nameServer.zone = { 'rebinding.example': ['4000::1'] };
  nameServer.queries.length = 0;
  const outcome = problem('https://rebinding.example/');
  await eventually(() => nameServer.queries.length >= 2);
  nameServer.zone = { 'rebinding.example': ['127.0.0.1'] };
  expect(await outcome).toMatch(/^(unreachable|timeout)$/);
  expect([resolutions, connections]).toEqual([1, 0]);
});

test('a name that the operator allowed may resolve to any address', async () => {
  nameServer.zone = { 'named.example': ['127.0.0.1'] };
  expect(await problem(`http://named.example:${port}/`)).toBe('unreachable');
  expect(connections).toBe(1);
});

test('a call to an unknown name or with a silent name server fails', async () => {
  nameServer.zone = { 'silent.example': 'silent' };
  expect(await problem('https://unknown.example/')).toBe('unreachable');
  expect(await problem('https://silent.example/')).toMatch(/^(unreachable|timeout)$/);
});
