/** Tests what sign-in and consent pages show of an app: its logo, its links, and whether it is self-registered. */
import { createBrowser, sendRequest, type Page } from '../support/browser.ts';
import { ann, app, siteA } from '../support/people-and-apps.ts';
import { authorize, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { asApp, registered, withRegistration } from '../support/registration.ts';

let frontdesk: Frontdesk;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await ann(frontdesk);
});

const origin = 'https://rp.example';
const pageUris = { logo_uri: `${origin}/logo.png`, policy_uri: `${origin}/policy`, tos_uri: `${origin}/terms` };

/** The sources of images that the content security policy allows. */
const imageSourcesOf = (page: Page) => /img-src ([^;]*)/.exec(String(page.headers['content-security-policy']))![1];
const links = (page: Page) => page.root.querySelectorAll('a').map((link) => link.getAttribute('href'));

test('oidcc-registration-logo-uri, oidcc-registration-policy-uri, oidcc-registration-tos-uri', async () => {
  const client = asApp(await registered(frontdesk, pageUris));
  const signInPage = await newBrowser(frontdesk).visit(authorize(frontdesk, client).url);
  const consentPage = await signIn(signInPage, 'ann');
  expect(consentPage.root.querySelector('.permissions')).not.toBeNull();
  for (const page of [signInPage, consentPage]) {
    const logo = page.root.querySelector('img.logo');
    expect([logo?.getAttribute('src'), logo?.getAttribute('referrerpolicy')]).toEqual([
      pageUris.logo_uri,
      'no-referrer',
    ]);
    expect(links(page)).toEqual(expect.arrayContaining([pageUris.policy_uri, pageUris.tos_uri]));
    for (const link of page.root.querySelectorAll('a[href^=https]'))
      expect(link.getAttribute('rel')).toBe('noreferrer');
    // Only these pages allow the origin of the logo.
    expect(imageSourcesOf(page)).toBe(`'self' ${origin}`);
  }
  expect(imageSourcesOf(await createBrowser().visit(`${frontdesk.issuer}/`))).toBe(`'self'`);
});

test('A19 a logo on another host than the app is not shown, and the policy does not allow it', async () => {
  const metadata = { logo_uri: 'https://tracker.example/logo.png' };
  const client = await siteA(frontdesk, { metadata });
  const page = await newBrowser(frontdesk).visit(authorize(frontdesk, client).url);
  expect(page.body).not.toContain('tracker.example');
  expect([page.root.querySelector('img.logo'), imageSourcesOf(page)]).toEqual([null, `'self'`]);
  expect(page.root.querySelector('.initial')?.text).toBe('S');
});

describe('B15 the consent page', () => {
  test('says that an app is self-registered, and is shown in each session', async () => {
    const client = asApp(await registered(frontdesk));
    for (let session = 0; session < 2; session += 1) {
      const browser = newBrowser(frontdesk);
      const page = await signIn(await browser.visit(authorize(frontdesk, client).url), 'ann');
      expect(page.root.querySelector('.notice')?.text).toContain('registered itself');
      expect(page.text).toContain('rp.example');
      expect((await page.submit()).location).toMatch(/^https:\/\/rp\.example\/callback\?code=/);
      expect((await browser.visit(authorize(frontdesk, client).url)).location).toContain('code=');
    }
  });

  test('does not say so of an app that an operator registered', async () => {
    const client = await app(frontdesk, { id: 'by-operator' });
    const page = await signIn(await newBrowser(frontdesk).visit(authorize(frontdesk, client).url), 'ann');
    expect(page.root.querySelector('.permissions')).not.toBeNull();
    expect(page.root.querySelector('.notice')).toBeNull();
  });
});

test('/favicon.ico redirects to the icon of the pages', async () => {
  const response = await sendRequest(`${frontdesk.issuer}/favicon.ico`);
  expect([response.status, response.location]).toEqual([302, expect.stringMatching(/\/assets\/bell\.\w+\.svg$/)]);
  const icon = await sendRequest(new URL(response.location!, frontdesk.issuer).href);
  expect([icon.status, icon.headers['content-type']]).toEqual([200, expect.stringContaining('image/svg+xml')]);
});
