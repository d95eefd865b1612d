/** Requirement C07 of test/security/README.md: names that resolve to private addresses, also by DNS rebinding. */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { createServer } from 'node:net';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { everyAddress, listen } from '../../test/support/listen.ts';
import { createOutgoing, type Outgoing, type OutgoingFailed } from './outgoing.ts';

type Done = (error: Error | null, addresses: LookupAddress[]) => void;

let port: number;
let connections = 0;
let outgoing: Outgoing;
/** The addresses that the name resolves to, one answer after the other. */
let answers: string[][];
let asked: number;
const { lookup } = dns;

beforeAll(async () => {
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  port = await listen(server, 0, everyAddress);
  // The names of the world, in the hands of the test.
  dns.lookup = ((name: string, options: LookupOptions, done: Done) => {
    if (!name.endsWith('.example')) return lookup(name, options, done as never);
    const addresses = answers[Math.min(asked, answers.length - 1)]!;
    asked += 1;
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    // Never within the call, as the real one.
    setImmediate(done, null, found);
  }) as typeof dns.lookup;
  outgoing = createOutgoing(['named.example']);
  closeAfterwards(outgoing);
});
afterAll(() => void (dns.lookup = lookup));
beforeEach(() => {
  connections = 0;
  asked = 0;
});

const problem = (url: string): Promise<string> =>
  outgoing.get(url).then(
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
  [[]],
])('C07 a name that resolves to %j is not called', async (addresses) => {
  answers = [addresses];
  expect(await problem('https://rebinding.example/')).toBe('not_allowed');
  expect([asked, connections]).toEqual([1, 0]);
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
])('C07 %s is judged by the IPv4 address within', async (_name, open, inside) => {
  answers = [[open]];
  expect(await problem('https://translated.example/')).toMatch(/^(unreachable|timeout)$/);
  expect(await problem(`https://[${open}]/`)).toMatch(/^(unreachable|timeout)$/);
  answers = [[inside]];
  expect(await problem('https://translated.example/')).toBe('not_allowed');
  expect(await problem(`https://[${inside}]/`)).toBe('not_allowed');
});

test.each([
  ['loopback behind a shorter prefix', '64:ff9b:1:7f00:0:100:5db8:d822'],
  ['no IPv4 address at all', '64:ff9b:1::'],
  ['IPv4-translated (RFC 7915)', '::ffff:0:5db8:d822'],
])('C07 %s is not called', async (_name, address) => {
  answers = [[address]];
  expect(await problem('https://translated.example/')).toBe('not_allowed');
});

test('C07 the connection uses the addresses that were checked: the name is resolved once', async () => {
  // A public address that IANA has given to nobody.
  answers = [['4000::1'], ['127.0.0.1']];
  expect(await problem('https://rebinding.example/')).toMatch(/^(unreachable|timeout)$/);
  expect([asked, connections]).toEqual([1, 0]);
});

test('a name that the operator allowed may resolve to any address', async () => {
  answers = [['127.0.0.1']];
  expect(await problem(`http://named.example:${port}/`)).toBe('unreachable');
  expect(connections).toBe(1);
});
