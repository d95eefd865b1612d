/** Compares the redirect URI of a request with those registered (RFC 9700 §2.1, RFC 8252 §7.3). */

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** A loopback http URI without its scheme, its port and a path that is only `/`; undefined for any other URI. */
function withoutLoopbackPort(uri: string): string | undefined {
  const [, scheme, host = '', rest = ''] =
    /^(http:\/\/)(localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?([/?].*)?$/.exec(uri) ?? [];
  if (scheme === undefined || !loopbackHosts.has(host)) return undefined;
  return `${host}${rest === '/' ? '' : rest}`;
}

/**
 * Whether a URI equals a registered one, character by character. For native apps the port of a loopback URI is free,
 * and without a path the slash at the end makes no difference.
 */
export function isRegisteredUri(uri: string, registered: readonly string[], isNative: boolean): boolean {
  if (registered.includes(uri)) return true;
  const bare = isNative ? withoutLoopbackPort(uri) : undefined;
  return bare !== undefined && registered.some((other) => withoutLoopbackPort(other) === bare);
}

export interface UriDifference {
  /** The registered URI that is most like the one sent. */
  registered: string;
  /** Position of the first character that differs, from 1. */
  character: number;
  /** The character sent there; empty at the end of the URI. */
  sent: string;
  /** The character registered there; empty at the end of the URI. */
  expected: string;
}

/** Where a URI differs from the most similar registered one; undefined when none is registered. */
export function differenceFrom(uri: string, registered: readonly string[]): UriDifference | undefined {
  const sharedLength = (other: string) => {
    let length = 0;
    while (length < uri.length && length < other.length && uri[length] === other[length]) length += 1;
    return length;
  };
  const [closest] = registered.toSorted((one, other) => sharedLength(other) - sharedLength(one));
  if (closest === undefined) return undefined;
  const at = sharedLength(closest);
  return { registered: closest, character: at + 1, sent: uri.charAt(at), expected: closest.charAt(at) };
}
