/** Clients and requests as the OpenID Foundation's conformance suite has them, for tests named after its modules. */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { createAccount } from '../../src/accounts/create-account.ts';
import type { Claims } from '../../src/accounts/claims.ts';
import type { HttpResponse, Browser, Page } from './browser.ts';
import { password, type RegisteredApp } from './people-and-apps.ts';
import type { Certificate } from './certificate.ts';
import { responseParameters, authorize, exchange, signIn, type Tokens } from './flow.ts';
import { startFrontdesk, type Frontdesk, type FrontdeskOptions } from './frontdesk.ts';
import { listen } from './listen.ts';
import { asApp, registered, withRegistration, type Registered } from './registration.ts';

export const suiteSettings = { ...withRegistration, CONFORMANCE_PROFILE: 'true' };

/** A value for every standard claim. */
export const claimsOfAnn: Claims = {
  given_name: 'Ann',
  family_name: 'Archer',
  middle_name: 'Beatrice',
  nickname: 'Annie',
  profile: 'https://people.example/ann',
  picture: 'https://people.example/ann.png',
  website: 'https://ann.example/',
  gender: 'female',
  birthdate: '1990-10-31',
  zoneinfo: 'Europe/Berlin',
  locale: 'en-GB',
  phone_number: '+49 30 901820',
  phone_number_verified: true,
  address: { formatted: 'Desk 1\n10115 Berlin', street_address: 'Desk 1', locality: 'Berlin', country: 'Germany' },
};

/** Starts a server with the conformance profile, and creates the account of Ann with every claim. */
export async function startConformanceServer(options: FrontdeskOptions = {}): Promise<Frontdesk & { annId: string }> {
  const frontdesk = await startFrontdesk({ ...options, settings: { ...suiteSettings, ...options.settings } });
  const names = { email: 'ann@example.com', username: 'ann', name: 'Ann Archer', isEmailVerified: true };
  const details = { ...names, password, claims: claimsOfAnn };
  return { ...frontdesk, annId: await createAccount(frontdesk.db, frontdesk.app.hasher, details, 'command-line') };
}

export interface Rp {
  origin: string;
  redirectUri: string;
  /** The response body of each path. */
  pages: Map<string, string>;
  /** Every path that was requested. */
  requestedPaths: string[];
}

/** A web server of a relying party, at a `.localhost` name; on https with a certificate. */
export async function startRp(name = 'rp', certificate?: Certificate): Promise<Rp> {
  const pages = new Map<string, string>();
  const requestedPaths: string[] = [];
  const handle: RequestListener = (request, response) => {
    requestedPaths.push(request.url!);
    const page = pages.get(request.url!);
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(page);
  };
  const server = certificate ? createSecureServer(certificate, handle) : createServer(handle);
  const origin = `http${certificate ? 's' : ''}://${name}.localhost:${await listen(server)}`;
  return { origin, redirectUri: `${origin}/callback`, pages, requestedPaths };
}

/** Registers a client as the suite does (RFC 7591). */
export async function suiteClient(
  frontdesk: Frontdesk,
  rp: Pick<Rp, 'redirectUri'>,
  more: object = {},
): Promise<RegisteredApp & { registration: Registered }> {
  const registration = await registered(frontdesk, { redirect_uris: [rp.redirectUri], ...more });
  return { ...asApp(registration), registration };
}

/** An authorization request without PKCE. */
export const authorizeWithoutPkce = (
  frontdesk: Pick<Frontdesk, 'issuer'>,
  app: RegisteredApp,
  parameters: Record<string, string | undefined> = {},
): ReturnType<typeof authorize> =>
  authorize(frontdesk, app, { code_challenge: undefined, code_challenge_method: undefined, ...parameters });

/** Sends an authorization request; signs in and consents if Frontdesk shows these pages. @returns the last response */
export async function completeInteractions(browser: Browser, request: { url: string }): Promise<Page> {
  let page = await browser.visit(request.url);
  if (page.root.querySelector('input[name=login]')) page = await signIn(page, 'ann');
  if (page.status === 200 && page.root.querySelector('.permissions')) page = await page.submit();
  return page;
}

/** Fields that a form posts to the app (OAuth 2.0 Form Post Response Mode). */
export const fieldsIn = (page: Page): Record<string, string> =>
  Object.fromEntries(
    page.root
      .querySelectorAll('input[type=hidden]')
      .map((input) => [input.getAttribute('name')!, input.getAttribute('value') ?? '']),
  );

/** Parameters in the fragment of the redirect. */
export const fragmentOf = (page: HttpResponse): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(new URL(page.location ?? 'about:blank').hash.slice(1)));

/** Verifies an ID token. @returns its claims */
export async function verifyIdToken(
  { issuer }: Pick<Frontdesk, 'issuer'>,
  app: RegisteredApp,
  token: string | undefined,
): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL('/oauth/jwks', issuer));
  return (await jwtVerify(token ?? '', keys, { issuer, audience: app.id })).payload;
}

/** Signs in and exchanges the code. @returns the tokens and the claims of the ID token */
export async function tokensOf(
  frontdesk: Frontdesk,
  browser: Browser,
  app: RegisteredApp,
  parameters: Record<string, string | undefined> = {},
): Promise<Tokens & { claims: JWTPayload }> {
  const page = await completeInteractions(browser, authorizeWithoutPkce(frontdesk, app, parameters));
  const { code } = responseParameters(page);
  if (code === undefined) throw new Error(`no code: ${page.status} ${page.location ?? page.text}`);
  const response = await exchange(frontdesk, app, { code, verifier: '' });
  if (response.status !== 200) throw new Error(`no tokens: ${response.status} ${response.body}`);
  const tokens = response.json<Tokens>();
  return { ...tokens, claims: await verifyIdToken(frontdesk, app, tokens.id_token) };
}

/** Starts another server of the same deployment. */
export const startSecondConformanceServer = (frontdesk: Frontdesk): Promise<Frontdesk> =>
  startFrontdesk({ sameDeploymentAs: frontdesk, settings: suiteSettings });
