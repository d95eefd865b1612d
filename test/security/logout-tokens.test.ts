/** Requirement of README.md beside this file: C06. Tests that site A ends its session only on a valid logout token of Frontdesk. */
import { createHmac, randomUUID } from 'node:crypto';
import {
  decodeJwt,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { listSigningKeys } from '../../src/keys/signing-key-repository.ts';
import type { SigningKey } from '../../src/keys/signing-key.ts';
import { sendRequest, createBrowser, type Browser } from '../support/browser.ts';
import { ann, audience, type Person } from '../support/people-and-apps.ts';
import { newBrowser, signIn, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startSites, type Sites } from '../support/sites.ts';

const event = 'http://schemas.openid.net/event/backchannel-logout';

let frontdesk: Frontdesk;
let sites: Sites;
let person: Person;
let key: SigningKey;
let signingKey: CryptoKey;
/** A browser that is signed in at site A. */
let browser: Browser;
/** The `sid` of its session. */
let sid: string;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  person = await ann(frontdesk);
  sites = await startSites(frontdesk);
  key = (await listSigningKeys(frontdesk.db, frontdesk.keyring)).find(({ algorithm }) => algorithm === 'RS256')!;
  signingKey = (await importJWK(key.privateJwk, 'RS256')) as CryptoKey;
});

const now = () => Math.floor(Date.now() / 1000);
const goodClaims = (): JWTPayload => ({
  iss: frontdesk.issuer,
  aud: 'site-a',
  iat: now(),
  exp: now() + 120,
  jti: randomUUID(),
  events: { [event]: {} },
  sub: person.id,
  sid,
});
const header = () => ({ alg: 'RS256', kid: key.kid, typ: 'logout+jwt' });
/** Signs a logout token with the key of Frontdesk. */
const sign = (claims: JWTPayload, changed: object = {}) =>
  new SignJWT(claims).setProtectedHeader({ ...header(), ...changed }).sign(signingKey);

const send = async (token: string) =>
  (await sendRequest(`${sites.siteA}/back-channel-logout`, { form: { logout_token: token } })).status;
const pageOf = (who: Browser) => who.visit(`${sites.siteA}/`);
const isSignedIn = async (who = browser) => (await pageOf(who)).text.includes('Hello, Ann Archer');

async function signedIn(): Promise<{ browser: Browser; sid: string }> {
  const siteBrowser = createBrowser();
  const page = await signIn(await siteBrowser.visit(`${sites.siteA}/sign-in`), 'ann');
  const cell = page.root.querySelectorAll('tr').find((row) => row.querySelector('th')?.text === 'sid');
  return { browser: siteBrowser, sid: JSON.parse(cell!.querySelector('td')!.text) as string };
}

beforeEach(async () => {
  if (!browser || !(await isSignedIn())) ({ browser, sid } = await signedIn());
});

test('a valid logout token ends the session that it names, and no other', async () => {
  const otherSession = await signedIn();
  expect(await send(await sign(goodClaims()))).toBe(200);
  expect([await isSignedIn(), await isSignedIn(otherSession.browser)]).toEqual([false, true]);
});

test('a logout token without sid ends all sessions of the person', async () => {
  const otherSession = await signedIn();
  expect(await send(await sign({ ...goodClaims(), sub: 'somebody else', sid: undefined }))).toBe(200);
  expect([await isSignedIn(), await isSignedIn(otherSession.browser)]).toEqual([true, true]);
  expect(await send(await sign({ ...goodClaims(), sid: undefined }))).toBe(200);
  expect([await isSignedIn(), await isSignedIn(otherSession.browser)]).toEqual([false, false]);
});

test('C06 a logout token that was used before ends no session', async () => {
  const token = await sign({ ...goodClaims(), sid: undefined });
  expect(await send(token)).toBe(200);
  const newSession = await signedIn();
  expect(await send(token)).toBe(400);
  // A new token with the same `jti` is refused too.
  expect(await send(await sign({ ...goodClaims(), jti: decodeJwt(token).jti!, sid: newSession.sid }))).toBe(400);
  expect(await isSignedIn(newSession.browser)).toBe(true);
});

test.each<[string, (good: JWTPayload) => Record<string, unknown>]>([
  ['of another issuer', (good) => ({ ...good, iss: 'https://evil.example' })],
  ['without an issuer', (good) => ({ ...good, iss: undefined })],
  ['for another app', (good) => ({ ...good, aud: 'site-b' })],
  ['without an audience', (good) => ({ ...good, aud: undefined })],
  ['without events', (good) => ({ ...good, events: undefined })],
  ['about another event', (good) => ({ ...good, events: { 'http://schemas.openid.net/event/other': {} } })],
  ['whose events claim is a string', (good) => ({ ...good, events: event })],
  ['with a nonce', (good) => ({ ...good, nonce: 'n' })],
  // Site A refuses tokens that were issued more than 180 seconds ago; here only `exp` is wrong.
  ['that has expired', (good) => ({ ...good, iat: now() - 170, exp: now() - 60 })],
  ['without an expiry', (good) => ({ ...good, exp: undefined })],
  ['issued an hour ago', (good) => ({ ...good, iat: now() - 3600 })],
  ['without a time of issue', (good) => ({ ...good, iat: undefined })],
  ['without a jti', (good) => ({ ...good, jti: undefined })],
  ['without sub and sid', (good) => ({ ...good, sid: undefined, sub: undefined })],
])('C06 a logout token %s is refused', async (_how, change) => {
  expect(await send(await sign(change(goodClaims()) as JWTPayload))).toBe(400);
  expect(await isSignedIn()).toBe(true);
});

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each<[string, () => Promise<string>]>([
  [
    'signed with another key',
    async () => {
      const { privateKey } = await generateKeyPair('RS256');
      return new SignJWT(goodClaims()).setProtectedHeader(header()).sign(privateKey);
    },
  ],
  [
    'with its own key in the header',
    async () => {
      const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
      const jwk = await exportJWK(publicKey);
      return new SignJWT(goodClaims()).setProtectedHeader({ ...header(), kid: 'own', jwk }).sign(privateKey);
    },
  ],
  [
    'signed with HS256 and the public key',
    async () => {
      const input = `${encode({ ...header(), alg: 'HS256' })}.${encode(goodClaims())}`;
      return `${input}.${createHmac('sha256', key.privateJwk.n!).update(input).digest('base64url')}`;
    },
  ],
  ['with alg none', async () => new UnsecuredJWT(goodClaims()).encode()],
  [
    'with alg none and the type of logout tokens',
    async () => `${encode({ alg: 'none', typ: 'logout+jwt' })}.${encode(goodClaims())}.`,
  ],
  [
    'whose claims were changed',
    async () => {
      const [head, , signature] = (await sign({ ...goodClaims(), sid: 'other' })).split('.');
      return `${head}.${encode(goodClaims())}.${signature}`;
    },
  ],
  ['without a type', () => sign(goodClaims(), { typ: undefined })],
  ['of the type of ID tokens', () => sign(goodClaims(), { typ: 'JWT' })],
  ['that is not a JWT', async () => 'nonsense'],
  ['that is empty', async () => ''],
])('C06 a logout token %s is refused', async (_how, makeToken) => {
  expect(await send(await makeToken())).toBe(400);
  expect(await isSignedIn()).toBe(true);
});

test('C06 other tokens of Frontdesk are not accepted as logout tokens', async () => {
  const siteB = { id: 'site-b', secret: undefined, redirectUri: `${sites.siteB}/callback` };
  const tokens = await tokensFor(frontdesk, newBrowser(frontdesk), siteB, {
    scope: 'openid notes:read',
    resource: audience,
  });
  for (const token of [tokens.id_token!, tokens.access_token, tokens.refresh_token!]) {
    expect(await send(token)).toBe(400);
  }
  const page = await pageOf(browser);
  expect(page.text).toContain('Hello, Ann Archer');
});
