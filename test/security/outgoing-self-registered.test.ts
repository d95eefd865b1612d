/** Requirement G04 of README.md beside this file: OUTGOING_ALLOWED_HOSTS counts for apps of an operator alone. */
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';
import { trustedCertificate } from '../support/certificate.ts';
import { statement } from '../support/database.ts';
import { becomes, eventually } from '../support/eventually.ts';
import { authorize, callAs, newBrowser, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { assertion, jwksOf, makeKey, signed, type AppKey } from '../support/keys.ts';
import { asApp, metadata, register, registered, registrationToken, withRegistration } from '../support/registration.ts';
import { startRp, type Rp } from '../support/suite.ts';
import { endSessions } from '../../src/sessions/end-session.ts';

let frontdesk: Frontdesk;
/** On https, at a private address that the operator allowed: `*.localhost`. */
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
beforeEach(() => (rp.asked.length = 0));

type Make = (more: object) => Promise<RegisteredApp>;
let count = 0;
const byItself: Make = async (more) => asApp(await registered(frontdesk, { redirect_uris: [rp.redirectUri], ...more }));
const byOperator: Make = (more) =>
  app(frontdesk, { id: `operated-${(count += 1)}`, redirectUris: [rp.redirectUri], metadata: { ...more } });

const pairwise = () => ({ subject_type: 'pairwise', sector_identifier_uri: `${rp.origin}/sector` });
const withKeys = () => ({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${rp.origin}/keys` });

/** The error of a code exchange, after the client authenticated itself. */
async function errorOf(client: RegisteredApp): Promise<unknown> {
  const proof = await assertion(key, client.id, frontdesk.issuer);
  const form = {
    grant_type: 'authorization_code',
    code: 'none',
    redirect_uri: client.redirectUri,
    client_id: client.id,
  };
  return (await callAs(frontdesk, { ...client, secret: undefined }, '/oauth/token', { ...form, ...proof })).json()[
    'error'
  ];
}

async function visitByReference(make: Make, path: string): Promise<string> {
  const uri = `${rp.origin}${path}`;
  const client = await make({ request_uris: [uri], jwks: jwksOf(key) });
  const { searchParams } = new URL(authorize(frontdesk, client).url);
  const claims = { ...Object.fromEntries(searchParams), iss: client.id, aud: frontdesk.issuer };
  rp.pages.set(path, await signed(key, claims));
  const query = new URLSearchParams({ client_id: client.id, response_type: 'code', scope: 'openid', request_uri: uri });
  return (await newBrowser(frontdesk).visit(`${frontdesk.issuer}/oauth/authorize?${query.toString()}`)).text;
}

async function endSessionAt(client: RegisteredApp): Promise<void> {
  await tokensFor(frontdesk, newBrowser(frontdesk), client);
  const find = statement(`select session_uid as uid from grants where client_id = '${client.id}'`);
  const [{ uid } = { uid: '' }] = await frontdesk.db.read<{ uid: string }>(find);
  await frontdesk.db.inUnitOfWork(() => endSessions(frontdesk.db, [uid], 'ended_by_administrator'));
}

describe('G04 an app that registered itself is not called at a host that the operator allowed', () => {
  test('for its sector', async () => {
    const asked = metadata({ redirect_uris: [rp.redirectUri], ...pairwise() });
    const response = await register(frontdesk, await registrationToken(frontdesk), asked);
    expect([response.status, response.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(rp.asked).toEqual([]);
  });

  test('for its keys', async () => {
    expect(await errorOf(await byItself(withKeys()))).toBe('invalid_client');
    expect(rp.asked).toEqual([]);
  });

  test('for its requests', async () => {
    expect(await visitByReference(byItself, '/own-request')).toContain('request_uri_unreachable');
    expect(rp.asked).toEqual([]);
  });

  test('for the end of a session', async () => {
    const client = await byItself({ backchannel_logout_uri: `${rp.origin}/logout` });
    await endSessionAt(client);
    const line = await eventually(() => frontdesk.logged.find((each) => each.includes('"not_allowed"')));
    expect(JSON.parse(line!)).toMatchObject({
      clientId: client.id,
      gaveUp: true,
      hint: expect.stringMatching(/itself/),
    });
    expect(rp.asked).toEqual([]);
  });
});

describe('an app of an operator is', () => {
  test('for its sector', async () => {
    await byOperator(pairwise());
    expect(rp.asked).toEqual(['/sector']);
  });

  test('for its keys, which an app that registered itself does not share', async () => {
    expect(await errorOf(await byOperator(withKeys()))).toBe('invalid_grant');
    expect(await errorOf(await byItself(withKeys()))).toBe('invalid_client');
    expect(rp.asked).toEqual(['/keys']);
  });

  test('for its requests', async () => {
    expect(await visitByReference(byOperator, '/request')).toContain('Password');
    expect(rp.asked).toEqual(['/request']);
  });

  test('for the end of a session', async () => {
    rp.pages.set('/logout', '{}');
    await endSessionAt(await byOperator({ backchannel_logout_uri: `${rp.origin}/logout` }));
    await becomes(async () => rp.asked.includes('/logout'), true);
  });
});
