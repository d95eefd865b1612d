/** A browser at a provider: keeps cookies, follows redirects and signs in, until the app has its code. */
import { authorize } from '../../support/flow.ts';
import { ofFrontdesk } from './dialect.ts';
import type { HttpClient, Reply } from './http-client.ts';
import type { Target } from './target.ts';

export type Cookies = Map<string, string>;

/** Adds what a response sets to the cookies of a browser. */
function keepCookies(cookies: Cookies, { headers }: Reply): void {
  for (const line of headers['set-cookie'] ?? []) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (value) cookies.set(name!, value);
    else cookies.delete(name!);
  }
}

const headerOf = (cookies: Cookies): Record<string, string> =>
  cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };

export interface CodeAndVerifier {
  code: string;
  /** Of PKCE. */
  verifier: string;
}

const maxRedirects = 20;

/**
 * Authorization in a browser; Ann signs in if the provider asks for it.
 *
 * @param cookies of the browser, which get what it is given
 * @throws Error without a code
 */
export async function authorizeIn(
  cookies: Cookies,
  { issuer, app, dialect = ofFrontdesk }: Target,
  client: HttpClient,
  parameters: Record<string, string> = {},
): Promise<CodeAndVerifier> {
  const { origin } = new URL(issuer);
  const pathOf = (location: string) => location.replace(origin, '');
  const { url, verifier } = authorize({ issuer }, app, parameters);
  const start = pathOf(url).replace(ofFrontdesk.paths.authorization, dialect.paths.authorization);
  let reply = await client.get(start, headerOf(cookies));
  for (let count = 0; count < maxRedirects; count += 1) {
    keepCookies(cookies, reply);
    const { location } = reply.headers;
    if (location?.startsWith(app.redirectUri)) {
      const code = new URL(location).searchParams.get('code');
      if (code) return { code, verifier };
    }
    const form = location === undefined ? dialect.fillIn(reply.body) : undefined;
    if (form) {
      const headers = { ...headerOf(cookies), origin, 'sec-fetch-site': 'same-origin' };
      reply = await client.post(pathOf(form.action), form.fields, headers);
    } else if (location !== undefined) {
      const isOurs = location.startsWith('/') || location.startsWith(origin) || !dialect.visitOperator;
      const next = isOurs ? location : await dialect.visitOperator!(location, client);
      reply = await client.get(pathOf(next), headerOf(cookies));
    } else break;
  }
  throw new Error(`no code: ${reply.status} ${reply.headers.location ?? reply.body.slice(0, 300)}`);
}
