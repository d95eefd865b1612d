/** The network of an IP address, by which requests are counted: one customer has many IPv6 addresses. */
import { isIPv4, isIPv6 } from 'node:net';

/** An address without the port and the brackets that proxies add (RFC 7239 §6). */
const bareAddress = (text: string): string => /^\[([^\]]*)\]|^([\d.]+):\d+$/.exec(text)?.slice(1).find(Boolean) ?? text;

/** The first groups of an IPv6 address, without leading zeros. */
function prefixOf(ip: string, groupCount: number): string {
  const [head = '', tail] = ip.split('::');
  const groups = head.split(':').filter(Boolean);
  if (tail !== undefined) {
    const after = tail.split(':').filter(Boolean);
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return groups
    .slice(0, groupCount)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** The IPv4 address, or the /64 prefix of an IPv6 address; `unknown` for a text that is no IP address. */
export function networkOf(address: string): string {
  const ip = bareAddress(address);
  if (isIPv4(ip)) return ip;
  if (!isIPv6(ip)) return 'unknown';
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1] ?? prefixOf(ip, 4);
}

/** The /48 prefix of an IPv6 address: one customer has at most a /48. Undefined for other addresses. */
export function siteOf(address: string): string | undefined {
  const network = networkOf(address);
  return network.includes(':') ? network.split(':').slice(0, 3).join(':') : undefined;
}
