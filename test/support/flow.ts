/** The authorization code flow, step by step, as a client does it. */
import { createHash, randomBytes } from 'node:crypto';
import { sendRequest, createBrowser, type HttpResponse, type Browser, type Page } from './browser.ts';
import { password, type RegisteredApp } from './people-and-apps.ts';
import type { Frontdesk } from './frontdesk.ts';

export interface Tokens {
  access_token: string;
  refresh_token?: string;
  id_token?: string;
  expires_in: number;
  scope?: string;
  token_type: string;
}

/** A browser whose visits end at redirects to apps. */
export const newBrowser = (frontdesk: Pick<Frontdesk, 'issuer'>, port?: number): Browser =>
  createBrowser((url) => !url.startsWith(`${frontdesk.issuer}/`), port);

export const randomText = (): string => randomBytes(32).toString('base64url');

export interface AuthorizationRequest {
  url: string;
  verifier: string;
  state: string;
  nonce: string;
}

/** An authorization request; a parameter set to undefined is left out. */
export function authorize(
  { issuer }: Pick<Frontdesk, 'issuer'>,
  { id, redirectUri }: RegisteredApp,
  parameters: Record<string, string | undefined> = {},
): AuthorizationRequest {
  const [verifier, state, nonce] = [randomText(), randomText(), randomText()];
  const all: Record<string, string | undefined> = {
    client_id: id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  };
  const url = new URL('/oauth/authorize', issuer);
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return { url: url.href, verifier, state, nonce };
}

/** Parameters in the query of the redirect to the app. */
export const responseParameters = (page: HttpResponse): Record<string, string> =>
  Object.fromEntries(new URL(page.location ?? 'about:blank').searchParams);

/** Fills in the sign-in form. */
export const signIn = (page: Page, login: string, secret = password): Promise<Page> =>
  page.submit({ login, password: secret });

const basicAuthentication = ({ id, secret }: RegisteredApp): Record<string, string> =>
  secret === undefined ? {} : { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };

/** Posts a form to an endpoint, with the client authentication of the app. */
export function callAs(
  { issuer }: Pick<Frontdesk, 'issuer'>,
  app: RegisteredApp,
  path: string,
  form: Record<string, string>,
  port?: number,
): Promise<HttpResponse> {
  const publicClient: Record<string, string> = app.secret === undefined ? { client_id: app.id } : {};
  return sendRequest(
    `${issuer}${path}`,
    { form: { ...publicClient, ...form }, headers: basicAuthentication(app) },
    port,
  );
}

export const exchange = (
  frontdesk: Pick<Frontdesk, 'issuer'>,
  app: RegisteredApp,
  { code, verifier }: { code: string; verifier: string },
  port?: number,
): Promise<HttpResponse> =>
  callAs(
    frontdesk,
    app,
    '/oauth/token',
    { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: app.redirectUri },
    port,
  );

export const refresh = (
  frontdesk: Pick<Frontdesk, 'issuer'>,
  app: RegisteredApp,
  token: string,
  port?: number,
): Promise<HttpResponse> =>
  callAs(frontdesk, app, '/oauth/token', { grant_type: 'refresh_token', refresh_token: token }, port);

export const userinfo = ({ issuer }: Pick<Frontdesk, 'issuer'>, token: string): Promise<HttpResponse> =>
  sendRequest(`${issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });

/** Gets tokens for an app; signs in and consents if Frontdesk shows these pages. @throws Error without tokens */
export async function tokensFor(
  frontdesk: Frontdesk,
  browser: Browser,
  app: RegisteredApp,
  { login = 'ann', ...parameters }: Record<string, string | undefined> = {},
): Promise<Tokens> {
  const request = authorize(frontdesk, app, parameters);
  const code = await codeFor(browser, request, login);
  const response = await exchange(frontdesk, app, { code, verifier: request.verifier });
  if (response.status !== 200) throw new Error(`no tokens: ${response.status} ${response.body}`);
  return response.json<Tokens>();
}

/** Gets a code for a request; signs in and consents if Frontdesk shows these pages. @throws Error without a code */
export async function codeFor(browser: Browser, request: { url: string }, login = 'ann'): Promise<string> {
  let page = await browser.visit(request.url);
  if (page.root.querySelector('input[name=login]')) page = await signIn(page, login);
  if (page.status === 200 && page.root.querySelector('.permissions')) page = await page.submit();
  const { code } = responseParameters(page);
  if (!code) throw new Error(`no code: ${page.status} ${page.location ?? page.text}`);
  return code;
}
