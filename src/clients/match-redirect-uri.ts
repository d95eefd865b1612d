/** Compares the redirect URI of a request with the registered ones (RFC 9700 §2.1, RFC 8252 §7.3). */

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** A loopback http URI without its scheme, its port and a path that is only `/`; undefined for any other URI. */
function withoutLoopbackPort(uri: string): string | undefined {
  const [, scheme, host = '', rest = ''] =
    /^(http:\/\/)(localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?([/?].*)?$/.exec(uri) ?? [];
  if (scheme === undefined || !loopbackHosts.has(host)) return undefined;
  return `${host}${rest === '/' ? '' : rest}`;
}

/**
 * Whether a URI equals a registered one, character by character. For native apps the port of a loopback URI does not
 * count, nor does a path that is only `/`.
 */
export function isRegisteredUri(uri: string, registered: readonly string[], isNative: boolean): boolean {
  if (registered.includes(uri)) return true;
  const withoutPort = isNative ? withoutLoopbackPort(uri) : undefined;
  return withoutPort !== undefined && registered.some((each) => withoutLoopbackPort(each) === withoutPort);
}

export interface UriDifference {
  /** The registered URI that is most similar to the sent URI. */
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
  const sharedLength = (candidate: string) => {
    let length = 0;
    while (length < uri.length && length < candidate.length && uri[length] === candidate[length]) length += 1;
    return length;
  };
  const [closest] = registered.toSorted((a, b) => sharedLength(b) - sharedLength(a));
  if (closest === undefined) return undefined;
  const at = sharedLength(closest);
  return { registered: closest, character: at + 1, sent: uri.charAt(at), expected: closest.charAt(at) };
}
