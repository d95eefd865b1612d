/** Requirement of README.md beside this file: C12. Tests that signing keys rotate without a restart and that every token stays verifiable meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { listSigningKeys } from '../../src/keys/signing-key-repository.ts';
import { rotateSigningKeys } from '../../src/keys/rotate-signing-keys.ts';
import { defaultPolicy } from '../../src/policy/policy.ts';
import { createCachingClient } from '../bench/keys/caching-client.ts';
import { sendRequest, type Browser } from '../support/browser.ts';
import { ann, audience, notesApi, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { responseParameters, authorize, callAs, newBrowser, tokensFor, type Tokens } from '../support/flow.ts';
import { eventually } from '../support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { runFrontdesk } from '../support/terminal.ts';

let frontdesk: Frontdesk;
let secondServer: Frontdesk;
let appA: RegisteredApp;
let signedInBrowser: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  secondServer = await startFrontdesk({ sameDeploymentAs: frontdesk });
  await ann(frontdesk);
  await notesApi(frontdesk);
  appA = await siteA(frontdesk, { apis: [{ audience }] });
  signedInBrowser = newBrowser(frontdesk);
});

const inTerminal = async (...args: string[]): Promise<string> => {
  const environment = { ISSUER: frontdesk.issuer, SECRET: frontdesk.secret, DATABASE_URL: frontdesk.database.url };
  const { code, out, error } = await runFrontdesk(args, environment);
  if (code !== 0) throw new Error(error);
  return out;
};
const rotate = (...more: string[]) => inTerminal('keys', 'rotate', ...more);

const documents = ['/oauth/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const fetchFrom = ({ port }: Frontdesk, path: string, headers: Record<string, string> = {}) =>
  sendRequest(`${frontdesk.issuer}${path}`, { headers }, port);
const keysOf = async (server: Frontdesk) => (await fetchFrom(server, '/oauth/jwks')).json<JSONWebKeySet>();
const kidsOf = async (server: Frontdesk) => (await keysOf(server)).keys.map(({ kid }) => kid!);
const kidOf = (token: string) => decodeProtectedHeader(token).kid!;

const parameters = { scope: 'openid notes:read', resource: audience };
const signIn = () => tokensFor(frontdesk, signedInBrowser, appA, parameters);
const refresh = async (server: Frontdesk, token: string): Promise<Tokens> => {
  const form = { grant_type: 'refresh_token', refresh_token: token, resource: audience };
  const response = await callAs(frontdesk, appA, '/oauth/token', form, server.port);
  if (response.status !== 200) throw new Error(response.body);
  return response.json<Tokens>();
};

/** Waits until the condition is true of both servers. */
async function untilBoth(isTrue: (server: Frontdesk) => Promise<boolean>): Promise<void> {
  for (const server of [frontdesk, secondServer]) await eventually(() => isTrue(server));
}

test.each(documents)(
  'C12 %s may be cached for five minutes, and a conditional request gets status 304',
  async (path) => {
    const [response, otherResponse] = [await fetchFrom(frontdesk, path), await fetchFrom(secondServer, path)];
    expect(response.headers['cache-control']).toBe('public, max-age=300');
    expect(response.headers.etag).toMatch(/^"[\w-]{22}"$/);
    // Every process sends the same ETag.
    expect(otherResponse.headers.etag).toBe(response.headers.etag);
    for (const server of [frontdesk, secondServer]) {
      const unchanged = await fetchFrom(server, path, { 'if-none-match': response.headers.etag! });
      expect([unchanged.status, unchanged.body]).toEqual([304, '']);
      expect(unchanged.headers['cache-control']).toBe('public, max-age=300');
    }
    // Caches and `fetch` send these conditional headers.
    const conditionalHeaders: Record<string, string>[] = [
      { 'if-none-match': `"another", W/${response.headers.etag!}` },
      { 'if-none-match': response.headers.etag!, 'cache-control': 'no-cache', pragma: 'no-cache' },
    ];
    for (const headers of conditionalHeaders) expect((await fetchFrom(frontdesk, path, headers)).status).toBe(304);
    expect((await fetchFrom(frontdesk, path, { 'if-none-match': '"another"' })).status).toBe(200);
  },
);

test('C12 every process publishes an announced key and does not sign with it yet', async () => {
  const kidsBefore = await kidsOf(frontdesk);
  const { etag } = (await fetchFrom(frontdesk, '/oauth/jwks')).headers;
  expect(await rotate()).toContain('published, and sign in 1d');
  await untilBoth(async (server) => (await kidsOf(server)).length === kidsBefore.length + 2);
  expect((await fetchFrom(secondServer, '/oauth/jwks', { 'if-none-match': etag! })).status).toBe(200);
  const tokens = await signIn();
  for (const server of [frontdesk, secondServer]) {
    const { access_token: access, id_token: id } = await refresh(server, tokens.refresh_token!);
    expect(kidsBefore).toEqual(expect.arrayContaining([kidOf(access), kidOf(id!)]));
  }
});

test('C12 keys that are replaced immediately sign no further token, and their earlier tokens still verify', async () => {
  const kidsBefore = await kidsOf(frontdesk);
  const oldTokens = await signIn();
  expect(await rotate('--now')).toContain('may refuse new tokens for one to five minutes');
  await untilBoth(async (server) => (await kidsOf(server)).length === kidsBefore.length + 2);
  const tokens = await signIn();
  for (const server of [frontdesk, secondServer]) {
    const { access_token: access, id_token: id } = await refresh(server, tokens.refresh_token!);
    expect([kidsBefore.includes(kidOf(access)), kidsBefore.includes(kidOf(id!))]).toEqual([false, false]);
    const keys = createLocalJWKSet(await keysOf(server));
    for (const token of [access, oldTokens.access_token])
      await jwtVerify(token, keys, { audience, issuer: frontdesk.issuer });
    for (const token of [id!, oldTokens.id_token!])
      await jwtVerify(token, keys, { audience: appA.id, issuer: frontdesk.issuer });
  }
});

test('C12 every process publishes retired keys for 90 days and then removes them', async () => {
  const oldTokens = await signIn();
  await rotate('--now');
  const setDaysSinceRetirement = (days: number) =>
    runSql(
      frontdesk.db,
      `update signing_keys set retires_at = now() - interval '${days} days' where kid = '${kidOf(oldTokens.id_token!)}'`,
    );
  const authorizeWithHint = async () =>
    responseParameters(
      await signedInBrowser.send(authorize(frontdesk, appA, { id_token_hint: oldTokens.id_token! }).url),
    );
  const runRotation = () => rotateSigningKeys({ db: frontdesk.db, keyring: frontdesk.keyring, policy: defaultPolicy });

  await setDaysSinceRetirement(89);
  await runRotation();
  const storedKids = (await listSigningKeys(frontdesk.db, frontdesk.keyring)).map(({ kid }) => kid);
  for (const kids of [storedKids, await kidsOf(frontdesk), await kidsOf(secondServer)])
    expect(kids).toContain(kidOf(oldTokens.id_token!));
  expect((await authorizeWithHint())['code']).toBeTruthy();
  await setDaysSinceRetirement(91);
  await runRotation();
  await untilBoth(async (server) => !(await kidsOf(server)).includes(kidOf(oldTokens.id_token!)));
  expect((await authorizeWithHint())['error']).toBe('invalid_request');
});

test('C12 under load, every token verifies while keys rotate repeatedly', async () => {
  await inTerminal('policy', 'set', 'key_announcement', '12s');
  await untilBoth(
    async (server) => (await fetchFrom(server, '/oauth/jwks')).headers['cache-control'] === 'public, max-age=3',
  );
  const url = `${frontdesk.issuer}/oauth/jwks`;
  const clients = [createCachingClient(url), createRemoteJWKSet(new URL(url), { cooldownDuration: 4_000 })];
  const seen = { verified: 0, failed: [] as string[], kids: new Set<string>() };
  const stopped = new AbortController();

  async function useTokens(server: Frontdesk, index: number): Promise<void> {
    let { refresh_token: next } = await tokensFor(frontdesk, newBrowser(frontdesk), appA, parameters);
    while (!stopped.signal.aborted) {
      const tokens = await refresh(server, next!);
      next = tokens.refresh_token;
      seen.kids.add(kidOf(tokens.access_token));
      for (const keys of clients) {
        seen.verified += 1;
        await jwtVerify(tokens.access_token, keys, { issuer: frontdesk.issuer, audience, typ: 'at+jwt' }).catch(
          (error: Error) => seen.failed.push(`${index}: ${error.message}`),
        );
      }
    }
  }
  async function rotateOften(): Promise<void> {
    for (let count = 0; count < 4; count += 1) {
      await sleep(1_000);
      await rotate();
    }
    // Four keys of this test and the key that signed before it.
    await eventually(() => seen.kids.size === 5);
    stopped.abort();
  }
  await Promise.all([rotateOften(), ...[frontdesk, secondServer, frontdesk, secondServer].map(useTokens)]);
  expect(seen.failed).toEqual([]);
  expect(seen.kids.size).toBe(5);
  expect(seen.verified).toBeGreaterThan(100);
});
