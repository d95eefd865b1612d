/** The logo and links of an app on sign-in and consent pages. */
import { createBrowser, type Page } from '../support/browser.ts';
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
const shown = { logo_uri: `${origin}/logo.png`, policy_uri: `${origin}/policy`, tos_uri: `${origin}/terms` };

const picturesOf = (page: Page) => /img-src ([^;]*)/.exec(String(page.headers['content-security-policy']))![1];
const links = (page: Page) => page.root.querySelectorAll('a').map((link) => link.getAttribute('href'));

test('oidcc-registration-logo-uri, oidcc-registration-policy-uri, oidcc-registration-tos-uri', async () => {
  const client = asApp(await registered(frontdesk, shown));
  const signInPage = await newBrowser(frontdesk).visit(authorize(frontdesk, client).url);
  const consentPage = await signIn(signInPage, 'ann');
  expect(consentPage.root.querySelector('.permissions')).not.toBeNull();
  for (const page of [signInPage, consentPage]) {
    const logo = page.root.querySelector('img.logo');
    expect([logo?.getAttribute('src'), logo?.getAttribute('referrerpolicy')]).toEqual([shown.logo_uri, 'no-referrer']);
    expect(links(page)).toEqual(expect.arrayContaining([shown.policy_uri, shown.tos_uri]));
    for (const link of page.root.querySelectorAll('a[href^=https]'))
      expect(link.getAttribute('rel')).toBe('noreferrer');
    // Only these pages allow the origin of the logo.
    expect(picturesOf(page)).toBe(`'self' ${origin}`);
  }
  expect(picturesOf(await createBrowser().visit(`${frontdesk.issuer}/`))).toBe(`'self'`);
});

test('A19 a logo on a host that is not the app’s is neither shown nor allowed by the policy', async () => {
  const metadata = { logo_uri: 'https://tracker.example/logo.png' };
  const client = await siteA(frontdesk, { metadata });
  const page = await newBrowser(frontdesk).visit(authorize(frontdesk, client).url);
  expect(page.body).not.toContain('tracker.example');
  expect([page.root.querySelector('img.logo'), picturesOf(page)]).toEqual([null, `'self'`]);
  expect(page.root.querySelector('.initial')?.text).toBe('S');
});

describe('B15 an app that registered itself', () => {
  test('is shown as self-registered, and needs consent in every session', async () => {
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

  test('one that an operator registered is not', async () => {
    const client = await app(frontdesk, { id: 'known' });
    const page = await signIn(await newBrowser(frontdesk).visit(authorize(frontdesk, client).url), 'ann');
    expect(page.root.querySelector('.permissions')).not.toBeNull();
    expect(page.root.querySelector('.notice')).toBeNull();
  });
});
