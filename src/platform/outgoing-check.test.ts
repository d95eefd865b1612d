/** Whether an address would be called, told before anybody calls it. */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { createOutgoing, type Outgoing } from './outgoing.ts';

type Done = (error: Error | null, addresses: LookupAddress[]) => void;

const { lookup } = dns;
/** Name → address; a name that is not listed does not exist, and one without an address is never answered. */
const names: Record<string, string | undefined> = {
  'public.example': '93.184.216.34',
  'inside.example': '10.0.0.7',
  'silent.example': undefined,
};
let outgoing: Outgoing;

beforeAll(() => {
  dns.lookup = ((name: string, _options: LookupOptions, done: Done) => {
    const address = names[name];
    if (!Object.hasOwn(names, name)) setImmediate(done, new Error('ENOTFOUND'), []);
    else if (address !== undefined) setImmediate(done, null, [{ address, family: 4 }]);
  }) as typeof dns.lookup;
  outgoing = createOutgoing(['app.internal:8080', '*.allowed.example']);
  closeAfterwards(outgoing);
});
afterAll(() => void (dns.lookup = lookup));

test.each([
  'https://public.example/',
  'https://unknown.example/',
  'http://app.internal:8080/out',
  'http://one.allowed.example:9000/out',
  'https://93.184.216.34/',
])('%s would be called', async (url) => expect(await outgoing.refusedHost(url)).toBeUndefined());

test.each([
  ['https://inside.example/out', 'inside.example'],
  ['http://public.example/out', 'public.example'],
  ['https://public.example:8443/out', 'public.example:8443'],
  ['http://app.internal/out', 'app.internal'],
  ['https://10.0.0.7/out', '10.0.0.7'],
  ['http://[::1]:8080/out', '[::1]:8080'],
])('%s would not: %s is to be allowed', async (url, host) => {
  expect(await outgoing.refusedHost(url)).toBe(host);
  const allowing = createOutgoing([host]);
  expect(await allowing.refusedHost(url)).toBeUndefined();
  allowing.close();
});

test('a name server that does not answer holds nobody up', async () => {
  expect(await outgoing.refusedHost('https://silent.example/')).toBeUndefined();
});
