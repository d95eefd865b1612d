/** Requirements of README.md beside this file: G10. What starts a sign-in is a page that the browser shows. */
import { ann, app, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { dumpWithoutJobs } from '../support/database.ts';
import { responseParameters, authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { jwksOf, makeKey, signed, type AppKey } from '../support/keys.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let signing: RegisteredApp;
let key: AppKey;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  key = await makeKey();
  signing = await app(frontdesk, {
    id: 'signing',
    isFirstParty: true,
    metadata: { jwks: jwksOf(key), request_object_signing_alg: 'RS256' },
  });
});

const headers = (mode: string, dest: string) => ({ 'sec-fetch-mode': mode, 'sec-fetch-dest': dest });
const hidden: [string, Record<string, string>][] = [
  ['a picture', headers('no-cors', 'image')],
  ['a script that fetches', headers('cors', 'empty')],
  ['a frame', headers('navigate', 'iframe')],
  ['an embedded object', headers('navigate', 'object')],
  ['a link that is prefetched', headers('no-cors', 'empty')],
  ['a page that is prefetched', { ...headers('navigate', 'document'), 'sec-purpose': 'prefetch' }],
  ['a page that is prerendered', { ...headers('navigate', 'document'), 'sec-purpose': 'prefetch;prerender' }],
];

/** The request in a request object (RFC 9101); outside of it stands what must. */
async function byRequestObject(parameters: Record<string, string | undefined> = {}): Promise<string> {
  const { url } = authorize(frontdesk, signing, parameters);
  const claims = Object.fromEntries(new URL(url).searchParams);
  const request = await signed(key, { ...claims, iss: signing.id, aud: frontdesk.issuer }, 'oauth-authz-req+jwt');
  const outer = { client_id: signing.id, response_type: 'code', redirect_uri: signing.redirectUri };
  return `${frontdesk.issuer}/oauth/authorize?${new URLSearchParams({ ...outer, request }).toString()}`;
}

describe.each(hidden)('G10 %s', (_what, sent) => {
  test('starts nothing: no row, no cookie, a plain refusal', async () => {
    const before = await dumpWithoutJobs(frontdesk.db);
    for (const url of [
      authorize(frontdesk, appA).url,
      authorize(frontdesk, appA, { prompt: 'login' }).url,
      authorize(frontdesk, appA, { prompt: 'none login' }).url,
      await byRequestObject(),
    ]) {
      const response = await newBrowser(frontdesk).send(url, { headers: sent });
      expect([response.status, response.location, response.headers['set-cookie']]).toEqual([403, undefined, undefined]);
      expect(response.body).toContain('Code navigation_required');
    }
    expect(await dumpWithoutJobs(frontdesk.db)).toBe(before);
  });

  test('gets the protocol’s answer with prompt=none, also in a request object', async () => {
    const browser = newBrowser(frontdesk);
    for (const url of [
      authorize(frontdesk, signing, { prompt: 'none' }).url,
      await byRequestObject({ prompt: 'none' }),
    ]) {
      expect(responseParameters(await browser.send(url, { headers: sent }))['error']).toBe('login_required');
    }
    await codeFor(browser, authorize(frontdesk, signing));
    for (const url of [
      authorize(frontdesk, signing, { prompt: 'none' }).url,
      await byRequestObject({ prompt: 'none' }),
    ]) {
      expect(responseParameters(await browser.send(url, { headers: sent }))['code']).toBeTruthy();
    }
  });
});

test('G10 HEAD starts nothing either', async () => {
  const response = await newBrowser(frontdesk).send(authorize(frontdesk, appA).url, { method: 'HEAD' });
  expect([response.status, response.headers['set-cookie']]).toEqual([403, undefined]);
});

test.each([
  ['a window', headers('navigate', 'document')],
  ['a browser that does not say', {}],
])('G10 %s is shown the sign-in page', async (_what, sent) => {
  const response = await newBrowser(frontdesk).send(authorize(frontdesk, appA).url, { headers: sent });
  expect([response.status, response.location]).toEqual([303, expect.stringContaining('/interaction/')]);
});
