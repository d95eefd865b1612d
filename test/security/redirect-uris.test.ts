/** Requirement of README.md beside this file: B01. Tests that a redirect URI must equal a registered one character by character. */
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let signedInBrowser: Browser;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  signedInBrowser = newBrowser(frontdesk);
  await codeFor(signedInBrowser, authorize(frontdesk, appA));
});

describe('B01 a request with a redirect URI that differs from the registered one', () => {
  const registered = 'http://site-a.localhost:9/callback';
  const variants = [
    'http://site-a.localhost:9/callback/',
    'http://site-a.localhost:9/callback?',
    'http://site-a.localhost:9/callback?x=1',
    'http://site-a.localhost:9/callback#',
    'http://site-a.localhost:9/callback#x',
    'http://site-a.localhost:9/Callback',
    'http://site-a.localhost:9/callbac',
    'http://site-a.localhost:9/callback2',
    'http://site-a.localhost:9/callback/x',
    'http://site-a.localhost:9//callback',
    'http://site-a.localhost:9/./callback',
    'http://site-a.localhost:9/x/../callback',
    'http://site-a.localhost:9/%2e/callback',
    'http://site-a.localhost:9/%2e%2e/callback',
    'http://site-a.localhost:9/callback%2f',
    'http://site-a.localhost:9/callback%00',
    'http://site-a.localhost:9/callback%20',
    'http://site-a.localhost:9/callback ',
    ' http://site-a.localhost:9/callback',
    'http://site-a.localhost:9/call%62ack',
    'http://site-a.localhost:9/callback%2523',
    'http://site-a.localhost:9\\callback',
    'http://site-a.localhost:9/callback\\',
    'http://site-a.localhost:9/callback;x',
    'http://site-a.localhost:9/callback:x',
    'http://site-a.localhost/callback',
    'http://site-a.localhost:8/callback',
    'http://site-a.localhost:90/callback',
    'http://site-a.localhost.:9/callback',
    'http://SITE-A.localhost:9/callback',
    'HTTP://site-a.localhost:9/callback',
    'https://site-a.localhost:9/callback',
    'http://x@site-a.localhost:9/callback',
    'http://site-a.localhost:9@evil.example/callback',
    'http://evil.example/site-a.localhost:9/callback',
    'http://evil.example#site-a.localhost:9/callback',
    'http://evil.example?site-a.localhost:9/callback',
    'http://site-a.localhost.evil.example:9/callback',
    'http://evilsite-a.localhost:9/callback',
    'http://x.site-a.localhost:9/callback',
    '//site-a.localhost:9/callback',
    '/callback',
    'javascript:alert(1)',
    'data:text/html,x',
  ];

  test.each(['query', 'fragment', 'form_post'])(
    'gets an error page and no Location (response_mode %s)',
    async (mode) => {
      for (const variant of variants) {
        const { url } = authorize(frontdesk, { ...appA, redirectUri: variant }, { response_mode: mode });
        const response = await signedInBrowser.send(url);
        expect([variant, response.status, response.location]).toEqual([variant, 400, undefined]);
        expect(response.body).toContain('We cannot send you back to the site');
        expect(response.body).not.toContain('name="code"');
      }
      expect(variants.length).toBeGreaterThanOrEqual(40);
      const validResponse = await signedInBrowser.send(authorize(frontdesk, { ...appA, redirectUri: registered }).url);
      expect(validResponse.location).toMatch(/^http:\/\/site-a\.localhost:9\/callback\?code=/);
    },
  );
});
