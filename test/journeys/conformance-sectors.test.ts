/** Tests pairwise subjects as the suite's dynamic plan checks them, and as requirement B23 of ../security/README.md. */
import { removeAccount } from '../../src/accounts/remove-account.ts';
import { ensurePairwiseSalt } from '../../src/keys/ensure-keys.ts';
import { createKeyring } from '../../src/platform/secrets.ts';
import { sendRequest, type Browser } from '../support/browser.ts';
import { audience, notesApi, person, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { trustedCertificate } from '../support/certificate.ts';
import { dump, statement } from '../support/database.ts';
import { responseParameters, newBrowser, signIn, tokensFor, userinfo } from '../support/flow.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import { startReceiver } from '../support/receiver.ts';
import { metadata, register, registrationToken } from '../support/registration.ts';
import {
  completeInteractions,
  authorizeWithoutPkce,
  startSecondConformanceServer,
  startRp,
  startConformanceServer,
  suiteClient,
  tokensOf,
  type Rp,
} from '../support/suite.ts';
import { decodeJwt } from 'jose';

let frontdesk: Frontdesk & { annId: string };
let rp: Rp;
let secureRp: Rp;
let browser: Browser;

beforeAll(async () => {
  frontdesk = await startConformanceServer();
  rp = await startRp();
  secureRp = await startRp('rp', trustedCertificate('rp.localhost'));
});
beforeEach(() => {
  browser = newBrowser(frontdesk);
});

describe('the sector of a client', () => {
  const pairwiseWithSectorUri = (path: string, more: object = {}) => ({
    subject_type: 'pairwise',
    sector_identifier_uri: `${secureRp.origin}${path}`,
    ...more,
  });

  test('oidcc-registration-sector-uri', async () => {
    secureRp.pages.set('/sector.json', JSON.stringify([rp.redirectUri]));
    const client = await suiteClient(frontdesk, rp, pairwiseWithSectorUri('/sector.json'));
    expect((await tokensOf(frontdesk, browser, client)).claims.sub).not.toBe(frontdesk.annId);
    // The document is read at registration only; sign-ins do not need it, even at a server that has never read it.
    secureRp.pages.delete('/sector.json');
    const other = await startSecondConformanceServer(frontdesk);
    const page = await newBrowser(frontdesk, other.port).visit(authorizeWithoutPkce(frontdesk, client).url);
    expect(page.root.querySelector('input[name=login]')).not.toBeNull();
    await other.close();
    expect(secureRp.requestedPaths.filter((path) => path === '/sector.json')).toHaveLength(1);
  });

  test.each([
    ['another redirect URI', JSON.stringify(['https://rp.example/other'])],
    ['no list', JSON.stringify({ redirect_uris: [] })],
    ['no JSON', 'nonsense'],
    ['nothing', undefined],
  ])('oidcc-registration-sector-bad with %s', async (name, page) => {
    const path = `/bad-${name.replaceAll(' ', '-')}.json`;
    if (page !== undefined) secureRp.pages.set(path, page);
    const registration = metadata({ redirect_uris: [rp.redirectUri], ...pairwiseWithSectorUri(path) });
    const response = await register(frontdesk, await registrationToken(frontdesk), registration);
    expect([response.status, response.json()['error']]).toEqual([400, 'invalid_client_metadata']);
  });
});

describe('B23 a pairwise client', () => {
  const pairwiseClientAt = (host: string) =>
    suiteClient(frontdesk, { redirectUri: `https://${host}/callback` }, { subject_type: 'pairwise' });
  const subjectAt = async (client: RegisteredApp) => (await tokensOf(frontdesk, browser, client)).claims.sub!;

  test('gets the same subject as other clients of its sector, and another than clients of other sectors', async () => {
    const [one, two, other] = [
      await pairwiseClientAt('a.example'),
      await pairwiseClientAt('a.example'),
      await pairwiseClientAt('b.example'),
    ];
    const subjects = [await subjectAt(one), await subjectAt(two), await subjectAt(other)];
    expect(subjects[0]).toBe(subjects[1]);
    expect(new Set([...subjects, frontdesk.annId]).size).toBe(3);
    for (const subject of subjects) expect(subject).toMatch(/^[\w-]{43}$/);
    // The subject is the same at the next sign-in.
    browser = newBrowser(frontdesk);
    expect(await subjectAt(one)).toBe(subjects[0]);
  });

  test('gets the same subject at userinfo, in access tokens and by introspection, and never the account id', async () => {
    await notesApi(frontdesk);
    const more = { metadata: { subject_type: 'pairwise' }, apis: [{ audience }] };
    const client = await siteA(frontdesk, { id: 'pairwise', ...more });
    const tokens = await tokensFor(frontdesk, browser, client, { scope: 'openid profile' });
    const { sub } = decodeJwt(tokens.id_token!);
    const { access_token: apiToken } = await tokensFor(frontdesk, browser, client, {
      scope: 'openid notes:read',
      resource: audience,
    });
    expect(decodeJwt(apiToken).sub).toBe(sub);
    expect((await userinfo(frontdesk, tokens.access_token)).json()['sub']).toBe(sub);
    const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
    const form = { token: tokens.access_token };
    const introspection = await sendRequest(`${frontdesk.issuer}/oauth/introspect`, {
      form,
      headers: { authorization: basic },
    });
    expect(introspection.json()).toMatchObject({ active: true, sub });
    expect(JSON.stringify([tokens, apiToken, introspection.json()])).not.toContain(frontdesk.annId);
  });

  test('gets the same subject in logout tokens', async () => {
    const receiver = await startReceiver(frontdesk.issuer, 'notified');
    const more = { metadata: { subject_type: 'pairwise' }, backChannelLogoutUri: receiver.uri };
    const client = await siteA(frontdesk, { id: 'notified', ...more });
    const tokens = await tokensFor(frontdesk, browser, client);
    await browser.visit(`${frontdesk.issuer}/oauth/logout?id_token_hint=${tokens.id_token}`);
    await receiver.until(1);
    expect(receiver.received[0]!.claims.sub).toBe(decodeJwt(tokens.id_token!).sub);
    await receiver.stop();
  });

  test('can request a person by the pairwise subject, and not by the account id', async () => {
    await person(frontdesk, 'eve', 'Eve Evans');
    const client = await pairwiseClientAt('hint.example');
    const { id_token: hint, claims } = await tokensOf(frontdesk, browser, client);
    const byHint = { id_token_hint: hint };
    const bySub = { claims: JSON.stringify({ id_token: { sub: { value: claims.sub } } }) };
    for (const parameters of [byHint, bySub]) {
      const otherBrowser = newBrowser(frontdesk);
      expect(
        responseParameters(
          await completeInteractions(otherBrowser, authorizeWithoutPkce(frontdesk, client, parameters)),
        )['code'],
      ).toBeDefined();
      const page = await signIn(
        await newBrowser(frontdesk).visit(authorizeWithoutPkce(frontdesk, client, parameters).url),
        'eve',
      );
      expect(responseParameters(page)['error']).toBe('login_required');
    }
    const byAccount = { claims: JSON.stringify({ id_token: { sub: { value: frontdesk.annId } } }) };
    const page = await completeInteractions(newBrowser(frontdesk), authorizeWithoutPkce(frontdesk, client, byAccount));
    expect(responseParameters(page)['error']).toBe('login_required');
  });

  test('gets another subject for an account that was removed and created again', async () => {
    const client = await pairwiseClientAt('again.example');
    const subjectOf = async (username: string) => {
      const otherBrowser = newBrowser(frontdesk);
      const page = await signIn(await otherBrowser.visit(authorizeWithoutPkce(frontdesk, client).url), username);
      const { code } = responseParameters(await page.submit());
      const form = { grant_type: 'authorization_code', code: code!, redirect_uri: client.redirectUri };
      const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
      const response = await sendRequest(`${frontdesk.issuer}/oauth/token`, {
        form,
        headers: { authorization: basic },
      });
      return decodeJwt(response.json()['id_token'] as string).sub;
    };
    const { id } = await person(frontdesk, 'zoe', 'Zoe Zane');
    const before = await subjectOf('zoe');
    await removeAccount(frontdesk.db, id, 'command-line');
    await person(frontdesk, 'zoe', 'Zoe Zane');
    expect(await subjectOf('zoe')).not.toBe(before);
  });

  test('with redirect URIs on two hosts needs a sector_identifier_uri', async () => {
    const registration = metadata({
      subject_type: 'pairwise',
      redirect_uris: ['https://a.example/cb', 'https://b.example/cb'],
    });
    const response = await register(frontdesk, await registrationToken(frontdesk), registration);
    expect([response.status, response.json()['error_description']]).toEqual([
      400,
      expect.stringContaining('sector_identifier_uri'),
    ]);
  });
});

describe('the salt of pairwise subjects', () => {
  test('is the same for concurrent callers, stored encrypted, and kept when the root secret is replaced', async () => {
    const [oldSecret, newSecret] = ['an-old-root-secret-of-32-characters!', 'a-new-root-secret-of-32-characters!'];
    const { db } = frontdesk;
    await db.writeOutsideTransaction(statement(`delete from sealed_secrets`));
    const salts = await Promise.all(
      Array.from({ length: 5 }, () => ensurePairwiseSalt(db, createKeyring([oldSecret]))),
    );
    expect(new Set(salts).size).toBe(1);
    expect(salts[0]).toMatch(/^[\w-]{43}$/);
    expect(await dump(db)).not.toContain(salts[0]);
    await expect(ensurePairwiseSalt(db, createKeyring([newSecret]))).rejects.toThrow('no longer set');
    expect(await ensurePairwiseSalt(db, createKeyring([newSecret, oldSecret]))).toBe(salts[0]);
    expect(await ensurePairwiseSalt(db, createKeyring([newSecret]))).toBe(salts[0]);
  });
});
