/** Requirements of README.md beside this file: C13, G02. Tests that a copy of the database contains no usable secret, and that apps keep their credentials when the root secret is replaced. */
import { exportJWK, exportPKCS8, importJWK, type CryptoKey } from 'jose';
import { listSigningKeys } from '../../src/keys/signing-key-repository.ts';
import { ann, audience, notesApi, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import { dump, runSql } from '../support/database.ts';
import {
  responseParameters,
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  tokensFor,
} from '../support/flow.ts';
import type { Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { metadata, register, registered, registrationToken, send, withRegistration } from '../support/registration.ts';
import type { Registered } from '../support/registration.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let appB: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await notesApi(frontdesk);
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  appB = await siteB(frontdesk);
});

test('C13 a dump of the database contains no usable secret', async () => {
  const browser = newBrowser(frontdesk);
  const form = await browser.visit(authorize(frontdesk, appB, { scope: 'openid notes:read', resource: audience }).url);
  const interaction = new URL(form.url).pathname.split('/')[2]!;
  const request = authorize(frontdesk, appB, {
    scope: 'openid notes:read offline_access',
    resource: audience,
    prompt: 'consent',
  });
  const code = await codeFor(browser, request);
  const unused = await codeFor(browser, authorize(frontdesk, appB));
  const tokens = (await exchange(frontdesk, appB, { code, verifier: request.verifier })).json<Tokens>();
  const renewed = (await refresh(frontdesk, appB, tokens.refresh_token!)).json<Tokens>();
  const opaque = await tokensFor(frontdesk, browser, appA);
  const signInPage = await browser.visit(
    authorize(frontdesk, appA, { prompt: 'login', id_token_hint: opaque.id_token! }).url,
  );
  const logoutPage = await browser.visit(`${frontdesk.issuer}/oauth/logout?id_token_hint=${opaque.id_token}`);
  expect([signInPage.status, logoutPage.status, responseParameters(logoutPage)]).toEqual([200, 200, {}]);

  const storedCookies = (await browser.jar.serialize()).cookies as { value: string }[];
  const cookies = storedCookies.map(({ value }) => value).filter(Boolean);
  const privateKeys = await Promise.all(
    (await listSigningKeys(frontdesk.db, frontdesk.keyring)).map(async ({ privateJwk, algorithm }) => {
      const key = (await importJWK({ ...privateJwk, ext: true } as never, algorithm, {
        extractable: true,
      })) as CryptoKey;
      return [String(privateJwk.d), (await exportPKCS8(key)).split('\n')[1]!, (await exportJWK(key)).d!];
    }),
  );
  const secrets = {
    ...Object.fromEntries(cookies.map((value, index) => [`cookie ${index}`, value])),
    ...Object.fromEntries(privateKeys.flat().map((value, index) => [`private key ${index}`, value])),
    ...{ interaction, code, unused, secret: appA.secret!, rootSecret: frontdesk.secret, verifier: request.verifier },
    ...{ access: tokens.access_token, renewal: tokens.refresh_token!, id: tokens.id_token! },
    ...{ access2: renewed.access_token, renewal2: renewed.refresh_token!, id2: renewed.id_token! },
    ...{ opaque: opaque.access_token, renewal3: opaque.refresh_token!, id3: opaque.id_token! },
    password: 'correct horse battery staple',
  };
  const everything = await dump(frontdesk.db);
  const log = frontdesk.logged.join('');
  for (const [name, value] of Object.entries(secrets)) {
    expect([name, typeof value === 'string' && value.length > 15]).toEqual([name, true]);
    for (const encoding of [value, Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64')]) {
      expect([name, everything.includes(encoding)]).toEqual([name, false]);
      expect([name, log.includes(encoding)]).toEqual([name, false]);
    }
  }
});

test('C13 a dump of the database contains no usable secret of a registration', async () => {
  const token = await registrationToken(frontdesk);
  const client = (await register(frontdesk, token, metadata())).json<Registered>();
  const rows = await dump(frontdesk.db);
  for (const value of [token, client.client_secret!, client.registration_access_token]) {
    expect(value.length).toBeGreaterThan(40);
    expect(rows).not.toContain(value);
    expect(rows).not.toContain(value.slice(-43));
    expect(frontdesk.logged.join('')).not.toContain(value.slice(-43));
  }
});

test('G02 a management token is valid during and after the replacement of the root secret', async () => {
  const ownFrontdesk = await startFrontdesk({ settings: withRegistration });
  const client = await registered(ownFrontdesk);
  const newSecret = 'a-new-root-secret-of-more-than-32-characters';
  const statusWithSecret = async (secret: string) => {
    const server = await startFrontdesk({
      sameDeploymentAs: ownFrontdesk,
      settings: { ...withRegistration, SECRET: secret },
    });
    const token = client.registration_access_token;
    const { status } = await send(client.registration_client_uri, 'GET', token, undefined, server.port);
    await server.close();
    return status;
  };
  expect(await statusWithSecret(`${newSecret},${ownFrontdesk.secret}`)).toBe(200);
  expect(await statusWithSecret(newSecret)).toBe(200);
  await ownFrontdesk.close();
});

test('G02 a client secret is valid during the replacement of the root secret, and after the old one is removed', async () => {
  const ownFrontdesk = await startFrontdesk();
  await ann(ownFrontdesk);
  const site = await siteA(ownFrontdesk);
  const tokens = await tokensFor(ownFrontdesk, newBrowser(ownFrontdesk), site);
  const newSecret = 'a-new-root-secret-of-more-than-32-characters';
  const introspectWithSecret = async (secret: string, form: Record<string, string>) => {
    const server = await startFrontdesk({ sameDeploymentAs: ownFrontdesk, settings: { SECRET: secret } });
    const response = await callAs(ownFrontdesk, site, '/oauth/introspect', form, server.port);
    await server.close();
    return response;
  };
  const form = { token: tokens.access_token };
  expect((await introspectWithSecret(`${newSecret},${ownFrontdesk.secret}`, form)).json()['active']).toBe(true);
  expect((await introspectWithSecret(newSecret, form)).status).toBe(200);
  const rows = await runSql<{ count: number }>(
    ownFrontdesk.db,
    `select cardinality(secret_hashes) as count from clients where id = 'site-a'`,
  );
  expect(rows).toEqual([{ count: 1 }]);
  await ownFrontdesk.close();
});
