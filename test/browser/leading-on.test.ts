/** Tests in a real browser that no form-action policy blocks a form that leads to an app which redirects elsewhere. */
import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { authorize } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { listen } from '../support/listen.ts';
import { openVisitor, signInOn, type Visitor } from '../support/visitor.ts';

const privateUseUri = 'com.example.app:/done';

describeInChromium('A14 in Chromium', () => {
  let frontdesk: Frontdesk;
  let chromium: Browser;
  let visitor: Visitor;
  let home: string;
  /** A first-party app that redirects every request to `home`. */
  let firstPartyApp: RegisteredApp;
  /** A third-party app that redirects every request to `home`. */
  let thirdPartyApp: RegisteredApp;
  /** An app that redirects every request to `privateUseUri`. */
  let appOfNativeProgram: RegisteredApp;

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    const server = createServer((request, response) => {
      const [name = ''] = request.headers.host!.split('.');
      const page = '<link rel="icon" href="data:,"><h1>Home</h1>';
      if (name === 'home') response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      else response.writeHead(302, { location: name === 'native' ? privateUseUri : home }).end();
    });
    const port = await listen(server);
    const at = (name: string, path: string) => `http://${name}.localhost:${port}/${path}`;
    home = at('home', 'home');
    const register = (id: string, isFirstParty: boolean) =>
      app(frontdesk, {
        id,
        name: id,
        isFirstParty,
        redirectUris: [at(id, 'callback')],
        postLogoutRedirectUris: [at(id, 'signed-out')],
      });
    [firstPartyApp, thirdPartyApp, appOfNativeProgram] = [
      await register('first-party', true),
      await register('third-party', false),
      await register('native', true),
    ];
    chromium = await openChromium();
  });

  beforeEach(async () => {
    visitor = await openVisitor(chromium);
  });
  afterEach(async () => {
    await visitor.context.close();
    // `problems` has the redirects that the content security policy blocked.
    expect(visitor.problems).toEqual([]);
  });

  const openSignInFor = (to: RegisteredApp, parameters: Record<string, string> = {}) =>
    visitor.page.goto(authorize(frontdesk, to, parameters).url);
  /** Waits until `submit` leads to `home`. */
  const expectHomeAfter = (page: Page, submit: () => Promise<void>) => Promise.all([page.waitForURL(home), submit()]);
  const press = (selector: string) => () => visitor.page.click(selector);

  test('A14 the sign-in form leads to the app, also after a wrong password', async () => {
    const { page } = visitor;
    await openSignInFor(firstPartyApp);
    await signInOn(page, 'ann', { secret: 'not the password' });
    await expectHomeAfter(page, () => signInOn(page));
    await page.context().clearCookies();
    await openSignInFor(firstPartyApp);
    await expectHomeAfter(page, () => signInOn(page));
  });

  test('A14 "Allow" and "Cancel" on the consent page lead to the app', async () => {
    const { page } = visitor;
    await openSignInFor(thirdPartyApp);
    await signInOn(page);
    await expectHomeAfter(page, press('[data-action=cancel]'));
    await openSignInFor(thirdPartyApp);
    await expectHomeAfter(page, press('button.primary'));
  });

  test('A14 "Cancel" on the sign-in page leads to the app', async () => {
    await openSignInFor(firstPartyApp);
    await expectHomeAfter(visitor.page, press('[data-action=cancel]'));
  });

  test('A14 the response by form_post leads to the app, with and without JavaScript', async () => {
    const { page } = visitor;
    await openSignInFor(firstPartyApp, { response_mode: 'form_post' });
    await expectHomeAfter(page, () => signInOn(page));
    await visitor.context.close();
    visitor = await openVisitor(chromium, { javaScriptEnabled: false });
    await openSignInFor(firstPartyApp, { response_mode: 'form_post' });
    await signInOn(visitor.page);
    await expectHomeAfter(visitor.page, press('button[type=submit]'));
  });

  test('A14 the logout confirmation page leads to the app', async () => {
    const { page } = visitor;
    await openSignInFor(firstPartyApp);
    await expectHomeAfter(page, () => signInOn(page));
    const returnUri = encodeURIComponent(new URL('/signed-out', firstPartyApp.redirectUri).href);
    await page.goto(
      `${frontdesk.issuer}/oauth/logout?client_id=${firstPartyApp.id}&post_logout_redirect_uri=${returnUri}`,
    );
    await expectHomeAfter(page, press('button[name=logout]'));
  });

  test('A14 the sign-in form leads to an app that redirects to a private-use URI scheme', async () => {
    const { page } = visitor;
    await openSignInFor(appOfNativeProgram);
    const request = page.waitForRequest(privateUseUri);
    await signInOn(page);
    await request;
  });
});
