/** Sends concurrent requests to two processes that have the same root secrets in different orders. */
import { SignJWT, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { app, ann, audience, notesApi, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { authorize, callAs, codeFor, exchange, newBrowser, randomText, refresh, signIn } from '../support/flow.ts';
import type { Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { HttpResponse } from '../support/browser.ts';

const newSecret = 'a-new-root-secret-of-more-than-32-characters';
let firstServer: Frontdesk;
let secondServer: Frontdesk;
let site: RegisteredApp;

beforeAll(async () => {
  const first = await startFrontdesk();
  await ann(first);
  await notesApi(first);
  site = await siteA(first);
  firstServer = await startFrontdesk({ sameDeploymentAs: first, settings: { SECRET: `${first.secret},${newSecret}` } });
  secondServer = await startFrontdesk({
    sameDeploymentAs: first,
    settings: { SECRET: `${newSecret},${first.secret}` },
  });
});

const portOf = (index: number): number => (index % 2 ? secondServer : firstServer).port;
const times = 100;
/** Sends `times` requests at once, alternating between the processes. */
const race = (send: (port: number) => Promise<HttpResponse>): Promise<HttpResponse[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => send(portOf(index))));

const countOf = (responses: HttpResponse[], status: number): number =>
  responses.filter((response) => response.status === status).length;

/** The parameters of a client's authentication by an assertion (RFC 7523 §2.2). */
async function assertionOf({ id }: RegisteredApp, key: CryptoKey): Promise<Record<string, string>> {
  const assertion = await new SignJWT({ jti: randomText() })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(firstServer.issuer)
    .setExpirationTime('2m')
    .sign(key);
  return {
    client_assertion: assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  };
}

test('G02 a client assertion works once', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }] };
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks };
  const machine = await app(firstServer, { id: 'machine', kind: 'machine', metadata, apis: [{ audience }] });
  const form = { grant_type: 'client_credentials', ...(await assertionOf(machine, privateKey)) };
  const responses = await race((port) => callAs(firstServer, machine, '/oauth/token', form, port));
  expect([countOf(responses, 200), countOf(responses, 401)]).toEqual([1, times - 1]);

  // One use at each server, one after the other: at the first server first, then in the opposite order.
  for (const start of [0, 1]) {
    const sequentialForm = { grant_type: 'client_credentials', ...(await assertionOf(machine, privateKey)) };
    const statuses = [];
    for (const step of [0, 1]) {
      statuses.push((await callAs(firstServer, machine, '/oauth/token', sequentialForm, portOf(start + step))).status);
    }
    expect(statuses).toEqual([200, 401]);
  }
});

test('G02 an authorization code works once', async () => {
  const request = authorize(firstServer, site);
  const code = await codeFor(newBrowser(firstServer, firstServer.port), request);
  const responses = await race((port) => exchange(firstServer, site, { code, verifier: request.verifier }, port));
  expect([countOf(responses, 200), countOf(responses, 400)]).toEqual([1, times - 1]);
});

test('G02 a refresh token has one successor, and its use after the grace period revokes the family', async () => {
  const request = authorize(firstServer, site);
  const code = await codeFor(newBrowser(firstServer, secondServer.port), request);
  const first = (
    await exchange(firstServer, site, { code, verifier: request.verifier }, firstServer.port)
  ).json<Tokens>();
  const responses = await race((port) => refresh(firstServer, site, first.refresh_token!, port));
  expect(countOf(responses, 200)).toBe(times);
  const successors = new Set(responses.map((response) => response.json<Tokens>().refresh_token!));
  expect(successors.size).toBe(1);
  const [successor] = successors;
  await runSql(firstServer.db, "update artifacts set consumed_at = consumed_at - interval '31 seconds'");
  expect((await refresh(firstServer, site, first.refresh_token!, secondServer.port)).status).toBe(400);
  expect((await refresh(firstServer, site, successor!, firstServer.port)).status).toBe(400);
});

test('G02 ten of 100 wrong passwords are compared', async () => {
  const signInPages = await Promise.all(
    [0, 1].map((index) => newBrowser(firstServer, portOf(index)).visit(authorize(firstServer, site).url)),
  );
  const responses = await Promise.all(
    Array.from({ length: times }, (_, index) => signIn(signInPages[index % 2]!, 'ann', `wrong ${index}`)),
  );
  expect([countOf(responses, 422), countOf(responses, 429)]).toEqual([10, times - 10]);
});
