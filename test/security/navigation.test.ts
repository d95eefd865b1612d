/** Requirements of README.md beside this file: G10. Tests that only a visible navigation of a browser can start a sign-in. */
import { ann, app, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { dumpWithoutJobs } from '../support/database.ts';
import { responseParameters, authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { jwksOf, makeKey, signed, type AppKey } from '../support/keys.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let signingApp: RegisteredApp;
let key: AppKey;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '100' } });
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  key = await makeKey();
  signingApp = await app(frontdesk, {
    id: 'signing',
    isFirstParty: true,
    metadata: { jwks: jwksOf(key), request_object_signing_alg: 'RS256' },
  });
});

const headers = (mode: string, destination: string) => ({ 'sec-fetch-mode': mode, 'sec-fetch-dest': destination });
const backgroundRequests: [string, Record<string, string>][] = [
  ['an image', headers('no-cors', 'image')],
  ['a fetch by a script', headers('cors', 'empty')],
  ['a frame', headers('navigate', 'iframe')],
  ['an embedded object', headers('navigate', 'object')],
  ['a link that is prefetched', headers('no-cors', 'empty')],
  ['a page that is prefetched', { ...headers('navigate', 'document'), 'sec-purpose': 'prefetch' }],
  ['a page that is prerendered', { ...headers('navigate', 'document'), 'sec-purpose': 'prefetch;prerender' }],
];

/** The URL of an authorization request with a request object (RFC 9101) and the required parameters beside it. */
async function byRequestObject(parameters: Record<string, string | undefined> = {}): Promise<string> {
  const { url } = authorize(frontdesk, signingApp, parameters);
  const claims = Object.fromEntries(new URL(url).searchParams);
  const request = await signed(key, { ...claims, iss: signingApp.id, aud: frontdesk.issuer }, 'oauth-authz-req+jwt');
  const outerParameters = { client_id: signingApp.id, response_type: 'code', redirect_uri: signingApp.redirectUri };
  return `${frontdesk.issuer}/oauth/authorize?${new URLSearchParams({ ...outerParameters, request }).toString()}`;
}

describe.each(backgroundRequests)('G10 %s', (_what, fetchHeaders) => {
  test('is refused and causes no row and no cookie', async () => {
    const before = await dumpWithoutJobs(frontdesk.db);
    for (const url of [
      authorize(frontdesk, appA).url,
      authorize(frontdesk, appA, { prompt: 'login' }).url,
      authorize(frontdesk, appA, { prompt: 'none login' }).url,
      await byRequestObject(),
    ]) {
      const response = await newBrowser(frontdesk).send(url, { headers: fetchHeaders });
      expect([response.status, response.location, response.headers['set-cookie']]).toEqual([403, undefined, undefined]);
      expect(response.body).toContain('Code navigation_required');
    }
    expect(await dumpWithoutJobs(frontdesk.db)).toBe(before);
  });

  test('gets an authorization response with prompt=none, also in a request object', async () => {
    const browser = newBrowser(frontdesk);
    for (const url of [
      authorize(frontdesk, signingApp, { prompt: 'none' }).url,
      await byRequestObject({ prompt: 'none' }),
    ]) {
      expect(responseParameters(await browser.send(url, { headers: fetchHeaders }))['error']).toBe('login_required');
    }
    await codeFor(browser, authorize(frontdesk, signingApp));
    for (const url of [
      authorize(frontdesk, signingApp, { prompt: 'none' }).url,
      await byRequestObject({ prompt: 'none' }),
    ]) {
      expect(responseParameters(await browser.send(url, { headers: fetchHeaders }))['code']).toBeTruthy();
    }
  });
});

test('G10 a HEAD request starts no sign-in', async () => {
  const response = await newBrowser(frontdesk).send(authorize(frontdesk, appA).url, { method: 'HEAD' });
  expect([response.status, response.headers['set-cookie']]).toEqual([403, undefined]);
});

test.each([
  ['a window or tab', headers('navigate', 'document')],
  ['a browser without Fetch Metadata', {}],
])('G10 %s gets the sign-in page', async (_what, fetchHeaders) => {
  const response = await newBrowser(frontdesk).send(authorize(frontdesk, appA).url, { headers: fetchHeaders });
  expect([response.status, response.location]).toEqual([303, expect.stringContaining('/interaction/')]);
});
