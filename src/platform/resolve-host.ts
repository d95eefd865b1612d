/** Resolves host names by the hosts file and by DNS, without a thread of libuv's pool. */
import { promises, type LookupAddress } from 'node:dns';
import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';

export interface ResolverOptions {
  /** Addresses of name servers, with a port if it is not 53; those of /etc/resolv.conf by default. */
  servers?: readonly string[];
}

/** Thrown when a name has no address. `ENOTFOUND`: there is no such name; `EAI_AGAIN`: no name server responded. */
export class HostNotResolved extends Error {
  override readonly name = 'HostNotResolved';
  readonly code: 'ENOTFOUND' | 'EAI_AGAIN';
  /** The name that was looked up, as in errors of Node's resolver. */
  readonly hostname: string;
  constructor(code: HostNotResolved['code'], host: string) {
    super(`${code} ${host}`);
    this.code = code;
    this.hostname = host;
  }
}

/** @throws HostNotResolved */
export type ResolveHost = (name: string) => Promise<LookupAddress[]>;

const limits = {
  /** Time-out of the first try at one server; the next try has twice as long. */
  tryMilliseconds: 700,
  tries: 2,
  /** Time-out of one host name with all search domains. */
  milliseconds: 2_000,
  /** Time for the addresses of one family after those of the other family have come. */
  otherFamilyMilliseconds: 300,
};

/** Milliseconds for which the content of a file is used. */
const maxFileAge = 5_000;

const loopback: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** Reads a small file of the system, at most every five seconds; empty when there is none. */
function cachedFile<T>(path: string, parse: (text: string) => T): () => T {
  let cached: { at: number; value: T } | undefined;
  return () => {
    if (cached && cached.at > performance.now() - maxFileAge) return cached.value;
    let text = '';
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      // Without the file, only DNS is used.
    }
    cached = { at: performance.now(), value: parse(text) };
    return cached.value;
  };
}

const wordsOf = (line: string): string[] =>
  line
    .replace(/[#;].*/, '')
    .trim()
    .split(/\s+/);

function parseHosts(text: string): Map<string, LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>();
  for (const [address = '', ...names] of text.split('\n').map(wordsOf)) {
    const found = { address, family: address.includes(':') ? 6 : 4 };
    for (const name of names.map((word) => word.toLowerCase())) hosts.set(name, [...(hosts.get(name) ?? []), found]);
  }
  return hosts;
}

/** Search domains for names without a trailing dot; the last `search` or `domain` line counts (resolv.conf(5)). */
const parseSearch = (text: string): string[] =>
  text
    .split('\n')
    .map(wordsOf)
    .findLast(([word]) => word === 'search' || word === 'domain')
    ?.slice(1) ?? [];

const readHosts = cachedFile('/etc/hosts', parseHosts);
const readSearch = cachedFile('/etc/resolv.conf', parseSearch);

/** The full names to look up for a name, in order: a name without dots is first looked up in the search domains. */
function candidatesOf(name: string): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const inDomains = readSearch().map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  return name.includes('.') ? [name, ...inDomains] : [...inDomains, name];
}

/**
 * Queries DNS for the addresses of exactly this name, IPv4 first.
 *
 * @returns empty when there is no such name
 * @throws HostNotResolved `EAI_AGAIN` when no server responded in time
 */
async function query(name: string, servers: readonly string[], milliseconds: number): Promise<LookupAddress[]> {
  // Each query has a resolver of its own, which reads resolv.conf anew and can be cancelled.
  const resolver = new promises.Resolver({ timeout: limits.tryMilliseconds, tries: limits.tries });
  if (servers.length > 0) resolver.setServers(servers);
  const deadline = performance.now() + milliseconds;
  let timer = setTimeout(() => resolver.cancel(), milliseconds);
  const queryFamily = async (family: 4 | 6): Promise<LookupAddress[]> => {
    const addresses = await (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name));
    clearTimeout(timer);
    const left = Math.min(limits.otherFamilyMilliseconds, deadline - performance.now());
    timer = setTimeout(() => resolver.cancel(), left);
    return addresses.map((address) => ({ address, family }));
  };
  const outcomes = await Promise.allSettled([queryFamily(4), queryFamily(6)]);
  clearTimeout(timer);
  const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  const isKnown = outcomes.every(
    (outcome) =>
      outcome.status === 'fulfilled' || /^(ENOTFOUND|ENODATA)$/.test((outcome.reason as { code: string }).code),
  );
  if (found.length === 0 && !isKnown) throw new HostNotResolved('EAI_AGAIN', name);
  return found;
}

/**
 * Node's `dns.lookup` occupies one of four threads while a name server does not respond: a few such names would stop
 * other calls, password hashing and database connections. This resolver uses c-ares, which occupies no thread.
 */
export function createResolver({ servers = [] }: ResolverOptions = {}): ResolveHost {
  return async (host) => {
    const name = host.toLowerCase();
    const bare = name.replace(/\.$/, '');
    // Names under `localhost` are this machine (RFC 6761 §6.3).
    if (bare.endsWith('.localhost')) return loopback.slice(0, 1);
    const inFile = readHosts().get(bare);
    if (inFile) return inFile;
    if (bare === 'localhost') return loopback;
    const deadline = performance.now() + limits.milliseconds;
    for (const candidate of candidatesOf(name)) {
      const left = deadline - performance.now();
      if (left <= 0) throw new HostNotResolved('EAI_AGAIN', host);
      const found = await query(candidate, servers, left);
      if (found.length > 0) return found;
    }
    throw new HostNotResolved('ENOTFOUND', host);
  };
}

/** The resolver as the `lookup` option of Node's sockets. */
export function toLookup(resolve: ResolveHost): LookupFunction {
  const resolveWithCallback = callbackify(resolve);
  return (name, { family, all }, done) =>
    resolveWithCallback(name, (error, addresses) => {
      if (error) return done(error, '', 0);
      const requestedFamily = Number(String(family ?? 0).replace('IPv', ''));
      const matching = addresses.filter((address) => requestedFamily === 0 || address.family === requestedFamily);
      const [first] = matching;
      if (!first) return done(new HostNotResolved('ENOTFOUND', name), '', 0);
      return all ? done(null, matching) : done(null, first.address, first.family);
    });
}
