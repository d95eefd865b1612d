/** Forms of ours whose answer leads on through an app, which itself redirects: the browser arrives, in a real browser. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { ann, app, type RegisteredApp } from '../support/cast.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { authorize } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { openVisitor, signInOn, type Visitor } from '../support/visitor.ts';

const ownScheme = 'com.example.app:/done';

describeInChromium('in Chromium', () => {
  let frontdesk: Frontdesk;
  let chromium: Browser;
  let visitor: Visitor;
  let server: Server;
  let home: string;
  /** Answers every request by a redirect to `home`. */
  let web: RegisteredApp;
  /** The same, of somebody else: people are asked. */
  let stranger: RegisteredApp;
  /** Answers every request by a redirect to its own scheme. */
  let bridge: RegisteredApp;

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    server = createServer((request, response) => {
      const [name = ''] = request.headers.host!.split('.');
      const page = '<link rel="icon" href="data:,"><h1>Home</h1>';
      if (name === 'home') response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      else response.writeHead(302, { location: name === 'bridge' ? ownScheme : home }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = (name: string, path: string) =>
      `http://${name}.localhost:${(server.address() as AddressInfo).port}/${path}`;
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
  afterAll(async () => {
    await chromium?.close();
    server?.closeAllConnections();
    server?.close();
    await frontdesk?.close();
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

  test('sign-in, by the right password at once or after a wrong one', async () => {
    const { page } = visitor;
    await open(web);
    await signInOn(page, 'ann', { secret: 'not the password' });
    await arrives(page, () => signInOn(page));
    await page.context().clearCookies();
    await open(web);
    await arrives(page, () => signInOn(page));
  });

  test('consent, and cancelling it', async () => {
    const { page } = visitor;
    await open(stranger);
    await signInOn(page);
    await arrives(page, press('[data-action=cancel]'));
    await open(stranger);
    await arrives(page, press('button.primary'));
  });

  test('cancelling the sign-in', async () => {
    await open(web);
    await arrives(visitor.page, press('[data-action=cancel]'));
  });

  test('form_post', async () => {
    const { page } = visitor;
    await open(web, { response_mode: 'form_post' });
    await arrives(page, () => signInOn(page));
    await visitor.context.close();
    visitor = await openVisitor(chromium, { javaScriptEnabled: false });
    await open(web, { response_mode: 'form_post' });
    await signInOn(visitor.page);
    await arrives(visitor.page, press('text=Go on'));
  });

  test('sign-out', async () => {
    const { page } = visitor;
    await open(web);
    await arrives(page, () => signInOn(page));
    const back = encodeURIComponent(new URL('/signed-out', web.redirectUri).href);
    await page.goto(`${frontdesk.issuer}/oauth/logout?client_id=web&post_logout_redirect_uri=${back}`);
    await arrives(page, press('button[name=logout]'));
  });

  test('an app that redirects to a scheme of its own', async () => {
    const { page } = visitor;
    await open(bridge);
    const reached = page.waitForRequest(ownScheme);
    await signInOn(page);
    await reached;
  });
});
