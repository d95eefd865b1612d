/** Calls to URLs of apps: public hosts on https only, with a time-out and a size limit, without following redirects. */
import dns from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface OutgoingAnswer {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string;
}

export interface Outgoing {
  /** @throws OutgoingFailed */
  get(url: string, headers?: Record<string, string>): Promise<OutgoingAnswer>;
  /** @throws OutgoingFailed */
  postForm(url: string, form: Record<string, string>): Promise<OutgoingAnswer>;
  close(): void;
}

/** `not_allowed` stays so; a call with another problem may succeed later. */
export type OutgoingProblem = 'not_allowed' | 'timeout' | 'too_large' | 'unreachable';

export class OutgoingFailed extends Error {
  override readonly name = 'OutgoingFailed';
  readonly problem: OutgoingProblem;
  constructor(problem: OutgoingProblem, options?: ErrorOptions) {
    super(problem, options);
    this.problem = problem;
  }
}

const limits = { milliseconds: 3_000, bytes: 64 * 1024, sockets: 40 };

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
    // NAT64 (RFC 6052 §2.1). The local-use prefix of RFC 8215 does not tell its length, so there may be one of four.
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
function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.range() === 'unicast';
  // IPv4-compatible IPv6 addresses, which ipaddr.js does not process (RFC 4291 §2.5.5.1).
  if (parsed.match(ipaddr.parse('::'), 96)) return false;
  const embedded = embeddedIpv4(parsed.toByteArray(), parsed.range());
  if (!embedded) return parsed.range() === 'unicast';
  // 0.0.0.0/8 is where a prefix of another length has its zeros; nothing is routed there.
  const ranges = embedded.map((bytes) => ipaddr.fromByteArray([...bytes]).range());
  return ranges.includes('unicast') && ranges.every((range) => range === 'unicast' || range === 'unspecified');
}

/** Whether a URL is on one of the hosts: `name`, `name:port`, or `*.name` for all names below. */
function isListed({ hostname, host }: URL, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : pattern === hostname || pattern === host,
  );
}

/**
 * Resolves a name for a connection, and refuses it when any of its addresses is not public. The connection uses these
 * very addresses, so a second answer of the name server cannot lead elsewhere (DNS rebinding).
 */
const lookupPublic: LookupFunction = (name, options, done) => {
  dns.lookup(name, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '', 0);
    const [first] = addresses;
    if (!first || addresses.some(({ address }) => !isPublic(address))) {
      return done(new OutgoingFailed('not_allowed'), '', 0);
    }
    return options.all ? done(null, addresses) : done(null, first.address, first.family);
  });
};

/** Resolves a host that the operator allowed, whatever its address. `*.localhost` is this machine (RFC 6761 §6.3). */
const lookupAny: LookupFunction = (name, options, done) => {
  if (!name.endsWith('.localhost')) return dns.lookup(name, options, done as never);
  const loopback = { address: '127.0.0.1', family: 4 };
  return options.all ? done(null, [loopback]) : done(null, loopback.address, loopback.family);
};

/**
 * Checks a URL before it is called: https on port 443, or a host that the operator allowed.
 *
 * @throws OutgoingFailed `not_allowed`
 */
function checkTarget(url: string, allowed: readonly string[]): { target: URL; isAllowed: boolean } {
  const target = URL.parse(url);
  if (!target || target.username || target.password) throw new OutgoingFailed('not_allowed');
  const isAllowed = isListed(target, allowed);
  const isHttps = target.protocol === 'https:' && target.port === '';
  if (!isHttps && !(isAllowed && /^https?:$/.test(target.protocol))) throw new OutgoingFailed('not_allowed');
  // Node does not call the lookup function for an IP address.
  const literal = target.hostname.replace(/^\[|\]$/g, '');
  if (!isAllowed && isIP(literal) && !isPublic(literal)) throw new OutgoingFailed('not_allowed');
  return { target, isAllowed };
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.bytes) throw new OutgoingFailed('too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @param allowedHosts hosts that may have private addresses, http and any port, such as `*.localhost` */
export function createOutgoing(allowedHosts: readonly string[] = []): Outgoing {
  const options = { keepAlive: true, maxSockets: limits.sockets, timeout: 30_000 };
  // Own agents: a proxy from the environment or a global dispatcher would connect to addresses that were not checked.
  const agents = [new HttpsAgent(options), new HttpAgent(options)];
  const allowedAgents = [new HttpsAgent(options), new HttpAgent(options)];

  async function call(url: string, request: RequestOptions, body?: string): Promise<OutgoingAnswer> {
    const { target, isAllowed } = checkTarget(url, allowedHosts);
    const isSecure = target.protocol === 'https:';
    const send = isSecure ? httpsRequest : httpRequest;
    const signal = AbortSignal.timeout(limits.milliseconds);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const outgoing = send(target, {
          ...request,
          signal,
          agent: (isAllowed ? allowedAgents : agents)[isSecure ? 0 : 1],
          lookup: isAllowed ? lookupAny : lookupPublic,
        });
        outgoing.on('response', resolve).on('error', reject).end(body);
      });
      const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
      return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: await readBody(response) };
    } catch (error) {
      if (error instanceof OutgoingFailed) throw error;
      throw new OutgoingFailed(signal.aborted ? 'timeout' : 'unreachable', { cause: error });
    }
  }

  return {
    get: (url, headers = {}) => call(url, { method: 'GET', headers }),
    postForm(url, form) {
      const body = new URLSearchParams(form).toString();
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      };
      return call(url, { method: 'POST', headers }, body);
    },
    close() {
      for (const agent of [...agents, ...allowedAgents]) agent.destroy();
    },
  };
}
