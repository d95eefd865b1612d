/** Forms whose answer leads to an app that redirects as well: a real browser arrives. */
import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { authorize } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { listen } from '../support/listen.ts';
import { openVisitor, signInOn, type Visitor } from '../support/visitor.ts';

const ownScheme = 'com.example.app:/done';

describeInChromium('A14 in Chromium', () => {
  let frontdesk: Frontdesk;
  let chromium: Browser;
  let visitor: Visitor;
  let home: string;
  /** Answers every request by a redirect to `home`. */
  let web: RegisteredApp;
  /** The same, third-party: consent is asked for. */
  let stranger: RegisteredApp;
  /** Answers every request by a redirect to its own scheme. */
  let bridge: RegisteredApp;

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    const server = createServer((request, response) => {
      const [name = ''] = request.headers.host!.split('.');
      const page = '<link rel="icon" href="data:,"><h1>Home</h1>';
      if (name === 'home') response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      else response.writeHead(302, { location: name === 'bridge' ? ownScheme : home }).end();
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
    [web, stranger, bridge] = [
      await register('web', true),
      await register('stranger', false),
      await register('bridge', true),
    ];
    chromium = await openChromium();
  });

  beforeEach(async () => {
    visitor = await openVisitor(chromium);
  });
  afterEach(async () => {
    await visitor.context.close();
    // A redirect that a policy stopped shows up here.
    expect(visitor.problems).toEqual([]);
  });

  const open = (to: RegisteredApp, parameters: Record<string, string> = {}) =>
    visitor.page.goto(authorize(frontdesk, to, parameters).url);
  const arrives = (page: Page, press: () => Promise<void>) => Promise.all([page.waitForURL(home), press()]);
  const press = (selector: string) => () => visitor.page.click(selector);

  test('A14 sign-in, by the right password at once or after a wrong one', async () => {
    const { page } = visitor;
    await open(web);
    await signInOn(page, 'ann', { secret: 'not the password' });
    await arrives(page, () => signInOn(page));
    await page.context().clearCookies();
    await open(web);
    await arrives(page, () => signInOn(page));
  });

  test('A14 consent, and cancelling it', async () => {
    const { page } = visitor;
    await open(stranger);
    await signInOn(page);
    await arrives(page, press('[data-action=cancel]'));
    await open(stranger);
    await arrives(page, press('button.primary'));
  });

  test('A14 cancelling the sign-in', async () => {
    await open(web);
    await arrives(visitor.page, press('[data-action=cancel]'));
  });

  test('A14 form_post', async () => {
    const { page } = visitor;
    await open(web, { response_mode: 'form_post' });
    await arrives(page, () => signInOn(page));
    await visitor.context.close();
    visitor = await openVisitor(chromium, { javaScriptEnabled: false });
    await open(web, { response_mode: 'form_post' });
    await signInOn(visitor.page);
    await arrives(visitor.page, press('button[type=submit]'));
  });

  test('A14 sign-out', async () => {
    const { page } = visitor;
    await open(web);
    await arrives(page, () => signInOn(page));
    const back = encodeURIComponent(new URL('/signed-out', web.redirectUri).href);
    await page.goto(`${frontdesk.issuer}/oauth/logout?client_id=web&post_logout_redirect_uri=${back}`);
    await arrives(page, press('button[name=logout]'));
  });

  test('A14 an app that redirects to a scheme of its own', async () => {
    const { page } = visitor;
    await open(bridge);
    const reached = page.waitForRequest(ownScheme);
    await signInOn(page);
    await reached;
  });
});
