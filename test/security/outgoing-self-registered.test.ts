/** Requirement of README.md beside this file: G04. Tests that OUTGOING_ALLOWED_HOSTS applies only to apps that an operator registered. */
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';
import { trustedCertificate } from '../support/certificate.ts';
import { runSql } from '../support/database.ts';
import { becomes, eventually } from '../support/eventually.ts';
import { authorize, callAs, newBrowser, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { assertion, jwksOf, makeKey, signed, type AppKey } from '../support/keys.ts';
import { asApp, metadata, register, registered, registrationToken, withRegistration } from '../support/registration.ts';
import { startRp, type Rp } from '../support/suite.ts';
import { endSessions } from '../../src/sessions/end-session.ts';

let frontdesk: Frontdesk;
/** Serves the documents of the apps on https, at a private address that the operator allowed: `*.localhost`. */
let rp: Rp;
let key: AppKey;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await ann(frontdesk);
  rp = await startRp('rp', trustedCertificate('rp.localhost'));
  key = await makeKey('RS256');
  rp.pages.set('/keys', JSON.stringify(jwksOf(key)));
  rp.pages.set('/sector', JSON.stringify([rp.redirectUri]));
});
beforeEach(() => (rp.requestedPaths.length = 0));

type RegisterApp = (more: object) => Promise<RegisteredApp>;
let count = 0;
const registerItself: RegisterApp = async (more) =>
  asApp(await registered(frontdesk, { redirect_uris: [rp.redirectUri], ...more }));
const registerByOperator: RegisterApp = (more) =>
  app(frontdesk, { id: `operated-${(count += 1)}`, redirectUris: [rp.redirectUri], metadata: { ...more } });

const pairwise = () => ({ subject_type: 'pairwise', sector_identifier_uri: `${rp.origin}/sector` });
const withKeys = () => ({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${rp.origin}/keys` });

/** Authenticates with an assertion and exchanges an invalid code. @returns the error: `invalid_grant` after a valid assertion */
async function errorOf(client: RegisteredApp): Promise<unknown> {
  const clientAssertion = await assertion(key, client.id, frontdesk.issuer);
  const form = {
    grant_type: 'authorization_code',
    code: 'none',
    redirect_uri: client.redirectUri,
    client_id: client.id,
  };
  return (
    await callAs(frontdesk, { ...client, secret: undefined }, '/oauth/token', { ...form, ...clientAssertion })
  ).json()['error'];
}

async function visitByReference(registerApp: RegisterApp, path: string): Promise<string> {
  const uri = `${rp.origin}${path}`;
  const client = await registerApp({ request_uris: [uri], jwks: jwksOf(key) });
  const { searchParams } = new URL(authorize(frontdesk, client).url);
  const claims = { ...Object.fromEntries(searchParams), iss: client.id, aud: frontdesk.issuer };
  rp.pages.set(path, await signed(key, claims));
  const query = new URLSearchParams({ client_id: client.id, response_type: 'code', scope: 'openid', request_uri: uri });
  return (await newBrowser(frontdesk).visit(`${frontdesk.issuer}/oauth/authorize?${query.toString()}`)).text;
}

async function endSessionAt(client: RegisteredApp): Promise<void> {
  await tokensFor(frontdesk, newBrowser(frontdesk), client);
  const [{ uid } = { uid: '' }] = await runSql<{ uid: string }>(
    frontdesk.db,
    `select session_uid as uid from grants where client_id = '${client.id}'`,
  );
  await frontdesk.db.inUnitOfWork(() => endSessions(frontdesk.db, [uid], 'ended_by_administrator'));
}

describe('G04 Frontdesk does not call an allowed host for an app that registered itself', () => {
  test('to fetch its sector identifier document', async () => {
    const requested = metadata({ redirect_uris: [rp.redirectUri], ...pairwise() });
    const response = await register(frontdesk, await registrationToken(frontdesk), requested);
    expect([response.status, response.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(rp.requestedPaths).toEqual([]);
  });

  test('to fetch its keys', async () => {
    expect(await errorOf(await registerItself(withKeys()))).toBe('invalid_client');
    expect(rp.requestedPaths).toEqual([]);
  });

  test('to fetch its request objects', async () => {
    expect(await visitByReference(registerItself, '/own-request')).toContain('request_uri_unreachable');
    expect(rp.requestedPaths).toEqual([]);
  });

  test('to deliver logout tokens', async () => {
    const client = await registerItself({ backchannel_logout_uri: `${rp.origin}/logout` });
    await endSessionAt(client);
    const logLine = await eventually(() =>
      frontdesk.logged.find((each) => each.includes('"not_allowed"') && each.includes(client.id)),
    );
    expect(JSON.parse(logLine!)).toMatchObject({
      clientId: client.id,
      gaveUp: true,
      hint: expect.stringMatching(/itself/),
    });
    expect(rp.requestedPaths).toEqual([]);
  });
});

describe('Frontdesk calls an allowed host for an app that an operator registered', () => {
  test('to fetch its sector identifier document', async () => {
    await registerByOperator(pairwise());
    expect(rp.requestedPaths).toEqual(['/sector']);
  });

  test('to fetch its keys, and does not use them for an app that registered itself', async () => {
    expect(await errorOf(await registerByOperator(withKeys()))).toBe('invalid_grant');
    expect(await errorOf(await registerItself(withKeys()))).toBe('invalid_client');
    expect(rp.requestedPaths).toEqual(['/keys']);
  });

  test('to fetch its request objects', async () => {
    expect(await visitByReference(registerByOperator, '/request')).toContain('Password');
    expect(rp.requestedPaths).toEqual(['/request']);
  });

  test('to deliver logout tokens', async () => {
    rp.pages.set('/logout', '{}');
    await endSessionAt(await registerByOperator({ backchannel_logout_uri: `${rp.origin}/logout` }));
    await becomes(async () => rp.requestedPaths.includes('/logout'), true);
  });
});
