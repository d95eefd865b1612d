/** Tests that a URL is checked against the allowed hosts before it is called. */
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { startNameServer } from '../../test/support/name-server.ts';
import { createOutgoing, type Calls } from './outgoing.ts';
import { createResolver } from './resolve-host.ts';

let callsWith: (allowedHosts: string[]) => Calls;
let calls: Calls;

beforeAll(async () => {
  const { address } = await startNameServer({
    'public.example': ['93.184.216.34'],
    'inside.example': ['10.0.0.7'],
    'silent.example': 'silent',
  });
  const resolveHost = createResolver({ servers: [address] });
  callsWith = (allowedHosts) => {
    const outgoing = createOutgoing({ allowedHosts, resolveHost });
    closeAfterwards(outgoing);
    return outgoing.toAllowedHosts;
  };
  calls = callsWith(['app.internal:8080', '*.allowed.example']);
});

test.each([
  'https://public.example/',
  'https://unknown.example/',
  'http://app.internal:8080/out',
  'http://one.allowed.example:9000/out',
  'https://93.184.216.34/',
])('%s is allowed', async (url) => expect(await calls.refusedHost(url)).toBeUndefined());

test.each([
  ['https://inside.example/out', 'inside.example'],
  ['http://public.example/out', 'public.example'],
  ['https://public.example:8443/out', 'public.example:8443'],
  ['http://app.internal/out', 'app.internal'],
  ['https://10.0.0.7/out', '10.0.0.7'],
  ['http://[::1]:8080/out', '[::1]:8080'],
])('%s is refused until %s is an allowed host', async (url, host) => {
  expect(await calls.refusedHost(url)).toBe(host);
  expect(await callsWith([host]).refusedHost(url)).toBeUndefined();
});

test('a URL is not refused when the name server does not respond', async () => {
  expect(await calls.refusedHost('https://silent.example/')).toBeUndefined();
});
