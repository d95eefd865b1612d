/** Tests which network and site an address is counted with. */
import { networkOf, siteOf } from './network.ts';

test.each([
  ['192.0.2.7', '192.0.2.7', undefined],
  ['::ffff:192.0.2.7', '192.0.2.7', undefined],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2', '2001:db8:1'],
  ['2001:db8:1:2::9', '2001:db8:1:2', '2001:db8:1'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2', '2001:db8:1'],
  ['2001:db8::1', '2001:db8:0:0', '2001:db8:0'],
  ['::1', '0:0:0:0', '0:0:0'],
  ['192.0.2.7:4711', '192.0.2.7', undefined],
  ['[2001:db8:1:2::9]', '2001:db8:1:2', '2001:db8:1'],
  ['[2001:db8:1:2::9]:4711', '2001:db8:1:2', '2001:db8:1'],
  ['garbage', 'unknown', undefined],
  ['999.1.1.1', 'unknown', undefined],
])('C11 the network of %s is %s and its site is %s', (ip, network, site) =>
  expect([networkOf(ip), siteOf(ip)]).toEqual([network, site]),
);
