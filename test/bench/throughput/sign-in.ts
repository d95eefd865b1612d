/** A sign-in with name and password, in a browser that was never here. */
import { password } from '../../support/people-and-apps.ts';
import { authorize } from '../../support/flow.ts';
import type { HttpClient, Reply } from './http-client.ts';
import type { Target } from './target.ts';

/** Adds what a response sets to the cookies of a browser. */
function keepCookies(cookies: Map<string, string>, { headers }: Reply): void {
  for (const line of headers['set-cookie'] ?? []) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (value) cookies.set(name!, value);
    else cookies.delete(name!);
  }
}

const headerOf = (cookies: Map<string, string>): string =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');

/** @returns the code of the authorization response, and the PKCE verifier of the request */
export async function signInOnce(target: Target, client: HttpClient): Promise<{ code: string; verifier: string }> {
  const { issuer, app } = target;
  const { url, verifier } = authorize(target, app);
  const cookies = new Map<string, string>();
  const pathOf = (location: string) => location.replace(issuer, '');
  let reply = await client.get(pathOf(url));
  for (;;) {
    keepCookies(cookies, reply);
    const { location } = reply.headers;
    if (location === undefined) break;
    if (location.startsWith(app.redirectUri)) return { code: new URL(location).searchParams.get('code')!, verifier };
    reply = await client.get(pathOf(location), { cookie: headerOf(cookies) });
  }
  const action = /<form[^>]* action="([^"]*\/password[^"]*)"/.exec(reply.body)?.[1]?.replaceAll('&amp;', '&');
  const csrf = /name="csrf"[^>]* value="([^"]*)"/.exec(reply.body)?.[1];
  if (!action || !csrf) throw new Error(`no sign-in form: ${reply.status} ${reply.body.slice(0, 200)}`);
  const headers = { cookie: headerOf(cookies), origin: issuer, 'sec-fetch-site': 'same-origin' };
  reply = await client.post(action, { csrf, login: 'ann', password }, headers);
  while (reply.headers.location !== undefined && !reply.headers.location.startsWith(app.redirectUri)) {
    keepCookies(cookies, reply);
    reply = await client.get(pathOf(reply.headers.location), { cookie: headerOf(cookies) });
  }
  const code = new URL(reply.headers.location ?? 'about:blank').searchParams.get('code');
  if (!code) throw new Error(`no code: ${reply.status} ${reply.body.slice(0, 200)}`);
  return { code, verifier };
}
