/** Rules for outgoing calls: which URLs may be called, and which addresses their host names may have. */
import { isIP } from 'node:net';
import { isPublic } from './public-address.ts';
import type { ResolveHost } from './resolve-host.ts';

/** `not_allowed` is final; after the other problems a call may succeed later. */
export type OutgoingProblem = 'not_allowed' | 'host_busy' | 'timeout' | 'too_large' | 'unreachable';

export class OutgoingFailed extends Error {
  override readonly name = 'OutgoingFailed';
  readonly problem: OutgoingProblem;
  constructor(problem: OutgoingProblem, options?: ErrorOptions) {
    super(problem, options);
    this.problem = problem;
  }
}

/** An IPv6 address of a URL without its brackets. */
const literalOf = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/** Whether a URL is on one of the hosts: `name`, `name:port`, or `*.name` for all names below. */
function isListed({ hostname, host }: URL, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : pattern === hostname || pattern === host,
  );
}

/**
 * Resolves a name for a connection, and refuses it when any of its addresses is not public. The connection uses these
 * very addresses, so a second response of the name server cannot lead elsewhere (DNS rebinding).
 */
export const toPublic =
  (resolveHost: ResolveHost): ResolveHost =>
  async (name) => {
    const addresses = await resolveHost(name);
    if (addresses.some(({ address }) => !isPublic(address))) throw new OutgoingFailed('not_allowed');
    return addresses;
  };

export interface Target {
  url: URL;
  /** Whether the operator allowed this host, whatever its addresses. */
  isAllowed: boolean;
}

/**
 * Checks a URL before it is called: https on port 443, or a host that the operator allowed.
 *
 * @throws OutgoingFailed `not_allowed`
 */
export function checkTarget(address: string, allowed: readonly string[]): Target {
  const url = URL.parse(address);
  if (!url || url.username || url.password) throw new OutgoingFailed('not_allowed');
  const isAllowed = isListed(url, allowed);
  const isHttps = url.protocol === 'https:' && url.port === '';
  if (!isHttps && !(isAllowed && /^https?:$/.test(url.protocol))) throw new OutgoingFailed('not_allowed');
  // Node does not call the lookup function for an IP address.
  const literal = literalOf(url.hostname);
  if (!isAllowed && isIP(literal) && !isPublic(literal)) throw new OutgoingFailed('not_allowed');
  return { url, isAllowed };
}

/** The host of a URL as OUTGOING_ALLOWED_HOSTS lists it: with its port when that is not the default. */
export const allowedHostOf = (url: string): string => URL.parse(url)?.host ?? '';

/** Whether a name resolves to an address that is not public; false when it is not resolved. */
export async function isPrivateName(resolveHost: ResolveHost, name: string): Promise<boolean> {
  if (isIP(literalOf(name)) !== 0) return false;
  try {
    return (await resolveHost(name)).some(({ address }) => !isPublic(address));
  } catch {
    return false;
  }
}
