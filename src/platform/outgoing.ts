/** Calls to URLs of apps: public hosts on https only, with a time-out and a size limit, without following redirects. */
import dns from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { isPublic } from './public-address.ts';

export interface OutgoingResponse {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string;
}

export interface Outgoing {
  /** @throws OutgoingFailed */
  get(url: string, headers?: Record<string, string>): Promise<OutgoingResponse>;
  /** @throws OutgoingFailed */
  postForm(url: string, form: Record<string, string>): Promise<OutgoingResponse>;
  /**
   * Checks a URL without calling it. A name that cannot be resolved here counts as allowed.
   *
   * @returns the host that OUTGOING_ALLOWED_HOSTS would have to list; undefined when the call may be made
   */
  refusedHost(url: string): Promise<string | undefined>;
  close(): void;
}

/** `not_allowed` is final; after the other problems a call may succeed later. */
export type OutgoingProblem = 'not_allowed' | 'timeout' | 'too_large' | 'unreachable';

export class OutgoingFailed extends Error {
  override readonly name = 'OutgoingFailed';
  readonly problem: OutgoingProblem;
  constructor(problem: OutgoingProblem, options?: ErrorOptions) {
    super(problem, options);
    this.problem = problem;
  }
}

const limits = { milliseconds: 3_000, bytes: 64 * 1024, sockets: 40, lookupMilliseconds: 1_000 };

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

/** The host of a URL as OUTGOING_ALLOWED_HOSTS lists it: with its port when that is not the default. */
export const allowedHostOf = (url: string): string => URL.parse(url)?.host ?? '';

/** Whether a name resolves to an address that is not public; false when it is not resolved within a second. */
function isPrivateName(name: string): Promise<boolean> {
  const resolved = new Promise<boolean>((resolve) => {
    dns.lookup(name, { all: true }, (error, addresses) => {
      resolve(!error && addresses.some(({ address }) => !isPublic(address)));
    });
  });
  return Promise.race([resolved, setTimeout(limits.lookupMilliseconds, false, { ref: false })]);
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

  async function call(url: string, request: RequestOptions, body?: string): Promise<OutgoingResponse> {
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
    async refusedHost(url) {
      try {
        const { target, isAllowed } = checkTarget(url, allowedHosts);
        const isRefused = !isAllowed && (await isPrivateName(target.hostname.replace(/^\[|\]$/g, '')));
        return isRefused ? allowedHostOf(url) : undefined;
      } catch (error) {
        if (error instanceof OutgoingFailed) return allowedHostOf(url);
        throw error;
      }
    },
    close() {
      for (const agent of [...agents, ...allowedAgents]) agent.destroy();
    },
  };
}
