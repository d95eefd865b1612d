/**
 * Site C: a third-party web application, on Node's own http server. It registered no logout URI, so it is not notified
 * of a sign-out elsewhere, and keeps people signed in until they sign out here.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as oidc from 'openid-client';
import { page, signedInPage, signedOutPage, style } from './pages.ts';

const { ISSUER, SITE_URL, CLIENT_ID, CLIENT_SECRET, PORT } = process.env as Record<string, string>;
const callback = `${SITE_URL}/callback`;

interface SignIn {
  state: string;
  nonce: string;
  codeVerifier: string;
}

// Sign-ins and sessions by the random ids in the cookies, in the memory of one process. Real sites use a database.
const signIns = new Map<string, SignIn>();
const sessions = new Map<string, oidc.IDToken>();

let discovered: Promise<oidc.Configuration> | undefined;

/** Frontdesk's discovery document: fetched once, and again after a failure. */
function frontdesk(): Promise<oidc.Configuration> {
  const options = ISSUER!.startsWith('https:') ? {} : { execute: [oidc.allowInsecureRequests] };
  discovered ??= oidc.discovery(new URL(ISSUER!), CLIENT_ID!, CLIENT_SECRET, undefined, options);
  discovered.catch(() => (discovered = undefined));
  return discovered;
}

const cookieOf = ({ headers }: IncomingMessage, name: string): string =>
  new RegExp(`(?:^|; )${name}=([^;]*)`).exec(headers.cookie ?? '')?.[1] ?? '';
// On https, add Secure, and begin the names of the cookies with __Host-.
const cookie = (name: string, value: string): string => `${name}=${value}; Path=/; HttpOnly; SameSite=Lax`;
const noCookie = (name: string): string => `${cookie(name, '')}; Max-Age=0`;

function redirect(response: ServerResponse, address: string, cookies: string[]): void {
  response.writeHead(303, { Location: address, 'Set-Cookie': cookies }).end();
}

function send(response: ServerResponse, content: string, { status = 200, type = 'text/html' } = {}): void {
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8` }).end(content);
}

async function startSignIn(response: ServerResponse): Promise<void> {
  const signIn = {
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
    codeVerifier: oidc.randomPKCECodeVerifier(),
  };
  const address = oidc.buildAuthorizationUrl(await frontdesk(), {
    redirect_uri: callback,
    scope: 'openid profile email',
    state: signIn.state,
    nonce: signIn.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(signIn.codeVerifier),
    code_challenge_method: 'S256',
  });
  const id = randomBytes(32).toString('base64url');
  signIns.set(id, signIn);
  redirect(response, address.href, [cookie('site_c_sign_in', id)]);
}

async function finishSignIn(request: IncomingMessage, response: ServerResponse, address: URL): Promise<void> {
  const signIn = signIns.get(cookieOf(request, 'site_c_sign_in'));
  signIns.delete(cookieOf(request, 'site_c_sign_in'));
  if (!signIn) throw new Error('This sign-in was not started in this browser, or is already finished.');
  // Checks state, iss and the ID token, which has the name and the e-mail address.
  const tokens = await oidc.authorizationCodeGrant(await frontdesk(), address, {
    expectedState: signIn.state,
    expectedNonce: signIn.nonce,
    pkceCodeVerifier: signIn.codeVerifier,
    idTokenExpected: true,
  });
  const id = randomBytes(32).toString('base64url');
  sessions.set(id, tokens.claims()!);
  redirect(response, '/', [cookie('site_c_session', id), noCookie('site_c_sign_in')]);
}

function signOut(request: IncomingMessage, response: ServerResponse): void {
  // Forms of other sites must not sign anybody out.
  if (request.headers['sec-fetch-site'] !== 'same-origin') return send(response, '', { status: 403 });
  sessions.delete(cookieOf(request, 'site_c_session'));
  return redirect(response, '/', [noCookie('site_c_session')]);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const policy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'";
  response.setHeader('Content-Security-Policy', policy).setHeader('Cache-Control', 'no-store');
  const address = new URL(request.url!, SITE_URL);
  const session = sessions.get(cookieOf(request, 'site_c_session'));
  const route = `${request.method} ${address.pathname}`;
  if (route === 'GET /') return send(response, session ? signedInPage(session) : signedOutPage());
  if (route === 'GET /style.css') return send(response, style, { type: 'text/css' });
  if (route === 'GET /sign-in') return startSignIn(response);
  if (route === 'GET /callback') return finishSignIn(request, response, address);
  if (route === 'POST /sign-out') return signOut(request, response);
  return send(response, page('<h1>There is no such page</h1>'), { status: 404 });
}

createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    const isCancelled = error instanceof oidc.AuthorizationResponseError && error.error === 'access_denied';
    const problem = isCancelled ? 'You did not allow the access.' : (error as Error).message;
    send(response, signedOutPage(problem), { status: 400 });
  });
}).listen(Number(PORT), '127.0.0.1', () => console.log(`site-c is at ${SITE_URL}`));
