/** A browser at a provider: keeps cookies, follows redirects and signs in, until the app has its code. */
import { authorize } from '../../support/flow.ts';
import { frontdeskDialect } from './dialect.ts';
import type { HttpClient, Reply } from './http-client.ts';
import type { Target } from './target.ts';

export type Cookies = Map<string, string>;

/** Stores the cookies that a response sets; one with an empty value is deleted. */
function keepCookies(cookies: Cookies, { headers }: Reply): void {
  for (const line of headers['set-cookie'] ?? []) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (value) cookies.set(name!, value);
    else cookies.delete(name!);
  }
}

const cookieHeader = (cookies: Cookies): Record<string, string> =>
  cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };

export interface CodeAndVerifier {
  code: string;
  /** Code verifier (RFC 7636). */
  verifier: string;
}

const maxRedirects = 20;

/**
 * Sends an authorization request as a browser does; Ann signs in if the provider asks for it.
 *
 * @param cookies of the browser; responses change them
 * @throws Error with the last response, when it contains no code
 */
export async function authorizeIn(
  cookies: Cookies,
  { issuer, app, dialect = frontdeskDialect }: Target,
  client: HttpClient,
  parameters: Record<string, string> = {},
): Promise<CodeAndVerifier> {
  const { origin } = new URL(issuer);
  const pathOf = (location: string) => location.replace(origin, '');
  const { url, verifier } = authorize({ issuer }, app, parameters);
  const start = pathOf(url).replace(frontdeskDialect.paths.authorization, dialect.paths.authorization);
  let reply = await client.get(start, cookieHeader(cookies));
  for (let count = 0; count < maxRedirects; count += 1) {
    keepCookies(cookies, reply);
    const { location } = reply.headers;
    if (location?.startsWith(app.redirectUri)) {
      const code = new URL(location).searchParams.get('code');
      if (code) return { code, verifier };
    }
    const form = location === undefined ? dialect.fillIn(reply.body) : undefined;
    if (form) {
      const headers = { ...cookieHeader(cookies), origin, 'sec-fetch-site': 'same-origin' };
      reply = await client.post(pathOf(form.action), form.fields, headers);
    } else if (location !== undefined) {
      const isAtProvider = location.startsWith('/') || location.startsWith(origin) || !dialect.visitLoginApp;
      const next = isAtProvider ? location : await dialect.visitLoginApp!(location, client);
      reply = await client.get(pathOf(next), cookieHeader(cookies));
    } else break;
  }
  throw new Error(`no code: ${reply.status} ${reply.headers.location ?? reply.body.slice(0, 300)}`);
}
