/** Which IP addresses are on the public internet. */
import ipaddr from 'ipaddr.js';

type Bytes = readonly number[];

/**
 * The IPv4 addresses within an IPv6 address that is translated or tunnelled to IPv4.
 *
 * @param bytes of the IPv6 address
 * @param range as ipaddr.js names it
 * @returns undefined for other ranges
 */
function embeddedIpv4(bytes: Bytes, range: string): Bytes[] | undefined {
  const pick = (...indexes: number[]) => indexes.map((index) => bytes[index]!);
  switch (range) {
    // NAT64 (RFC 6052 §2.2). The length of a local-use prefix (RFC 8215) is unknown: the address is at one of four
    // places.
    case 'rfc6052':
      if (bytes[5] === 0) return [pick(12, 13, 14, 15)];
      return [pick(6, 7, 9, 10), pick(7, 9, 10, 11), pick(9, 10, 11, 12), pick(12, 13, 14, 15)];
    // RFC 3056 §2
    case '6to4':
      return [pick(2, 3, 4, 5)];
    // The server, and the client with all bits inverted (RFC 4380 §4).
    case 'teredo':
      return [pick(4, 5, 6, 7), pick(12, 13, 14, 15).map((byte) => byte ^ 0xff)];
    default:
      return undefined;
  }
}

/** Whether an IP address is on the public internet. An IPv4 address inside an IPv6 one counts as IPv4. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.range() === 'unicast';
  // IPv4-compatible IPv6 addresses, which ipaddr.js does not process (RFC 4291 §2.5.5.1).
  if (parsed.match(ipaddr.parse('::'), 96)) return false;
  const embedded = embeddedIpv4(parsed.toByteArray(), parsed.range());
  if (!embedded) return parsed.range() === 'unicast';
  // Bytes of a wrong place may be zeros: 0.0.0.0/8 is ignored, as nothing is routed there.
  const ranges = embedded.map((bytes) => ipaddr.fromByteArray([...bytes]).range());
  return ranges.includes('unicast') && ranges.every((range) => range === 'unicast' || range === 'unspecified');
}
