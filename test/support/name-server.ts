/** A DNS server on loopback, over UDP and TCP (RFC 1035 §4). */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import { closeAfterwards } from './cleanup.ts';
import { freePort, listen } from './listen.ts';

/** The answer for each name: its addresses, a CNAME, an error ('broken'), or no response ('silent'). */
export type Zone = Record<string, string[] | { cname: string } | 'silent' | 'silent for AAAA' | 'broken'>;

export interface NameServer {
  /** `address:port` */
  address: string;
  /** Name → its answer; a name that is not listed does not exist. */
  zone: Zone;
  /** `A name` or `AAAA name` of each query, in order. */
  queries: string[];
  /** Whether responses over UDP are truncated, so that clients repeat the query over TCP. */
  isTruncating: boolean;
}

const types = { 1: 'A', 28: 'AAAA' } as const;
const cnameType = 5;

const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);

function encodeAddress(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  // `new URL` writes an IPv6 address in its short form, with hexadecimal groups only.
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text = '') => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(before), groups(after)];
  const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function record(name: string, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), head, data]);
}

/** The name and type that a query is about, and the bytes of its question. */
function parseQuery(query: Buffer) {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return {
    name: labels.join('.').toLowerCase(),
    type: query.readUInt16BE(at + 1),
    question: query.subarray(12, at + 5),
  };
}

/** @returns the records that answer, or a response code of RFC 1035 §4.1.1 */
function recordsOf(zone: Zone, name: string, type: number): Buffer[] | number {
  const found = zone[name];
  if (found === undefined) return 3;
  if (found === 'broken') return 2;
  if (found === 'silent' || found === 'silent for AAAA') return [record(name, 1, encodeAddress('93.184.216.34'))];
  if (!Array.isArray(found)) {
    const more = recordsOf(zone, found.cname, type);
    return [record(name, cnameType, encodeName(found.cname)), ...(Array.isArray(more) ? more : [])];
  }
  const ofType = found.filter((address) => isIPv6(address) === (type === 28));
  return ofType.map((address) => record(name, type, encodeAddress(address)));
}

export async function startNameServer(zone: Zone = {}): Promise<NameServer> {
  const port = await freePort();
  const server: NameServer = { address: `127.0.0.1:${port}`, zone, queries: [], isTruncating: false };

  function respond(query: Buffer, isTcp: boolean): Buffer | undefined {
    const { name, type, question } = parseQuery(query);
    const typeName = types[type as keyof typeof types];
    server.queries.push(`${typeName} ${name}`);
    const kind = server.zone[name];
    if (kind === 'silent' || (kind === 'silent for AAAA' && typeName === 'AAAA')) return undefined;
    const found = recordsOf(server.zone, name, type);
    const isCut = server.isTruncating && !isTcp;
    const records = Array.isArray(found) && !isCut ? found : [];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (isCut ? 0x0200 : 0) | (Array.isArray(found) ? 0 : found), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    return Buffer.concat([head, question, ...records]);
  }

  const udp = createSocket('udp4');
  closeAfterwards(() => void udp.close());
  udp.on('message', (query, { port: from, address }) => {
    const response = respond(query, false);
    if (response) udp.send(response, from, address);
  });
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      const response = respond(data.subarray(2), true);
      if (!response) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(response.length);
      socket.write(Buffer.concat([length, response]));
    });
  });
  await listen(tcp, port);
  return server;
}
