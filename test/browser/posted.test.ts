/** Tests in a real browser that authorization and logout requests that a site sends by POST reach the session. */
import { createServer } from 'node:http';
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';
import { describeInChromium, openChromium } from '../support/chromium.ts';
import { authorize } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { listen } from '../support/listen.ts';
import { openVisitor, signInOn, type Visitor } from '../support/visitor.ts';

describeInChromium('in Chromium', () => {
  let frontdesk: Frontdesk;
  let site: RegisteredApp;
  let origin: string;
  let visitor: Visitor;
  /** What the site's form submits, and to which URL. */
  let form: { action: string; fields: [string, string][] };

  beforeAll(async () => {
    frontdesk = await startFrontdesk();
    await ann(frontdesk);
    const server = createServer((request, response) => {
      const fields = form.fields.map(([name, value]) => `<input name="${name}" value="${value}">`).join('');
      const body = request.url!.startsWith('/form')
        ? `<form method="post" action="${form.action}">${fields}<button>Go</button></form>`
        : `<h1>Back at the site</h1>`;
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<link rel="icon" href="data:,">${body}`);
    });
    origin = `http://posting-site.localhost:${await listen(server)}`;
    site = await app(frontdesk, {
      id: 'posting-site',
      name: 'Posting site',
      redirectUris: [`${origin}/callback`],
      isFirstParty: true,
    });
    visitor = await openVisitor(await openChromium());
  });
  afterAll(() => expect(visitor.problems).toEqual([]));

  /** Submits a form of the site to an endpoint. */
  const post = async (path: string, fields: [string, string][]) => {
    form = { action: `${frontdesk.issuer}${path}`, fields };
    await visitor.page.goto(`${origin}/form`);
    await visitor.page.click('button');
  };
  const authorizationParameters = () => [...new URL(authorize(frontdesk, site).url).searchParams];

  test('a posted authorization request shows the sign-in page, and no page when the person is signed in', async () => {
    const { page } = visitor;
    await post('/oauth/authorize', authorizationParameters());
    await signInOn(page);
    await page.waitForURL(`${origin}/callback?code=*`);
    const shownPaths: string[] = [];
    page.on('framenavigated', (frame) => shownPaths.push(new URL(frame.url()).pathname));
    await post('/oauth/authorize', authorizationParameters());
    await page.waitForURL(`${origin}/callback?code=*`);
    expect(shownPaths).toEqual(['/form', '/callback']);
  });

  test('a posted logout request ends the session of the browser', async () => {
    const { page } = visitor;
    await post('/oauth/logout', [
      ['client_id', site.id],
      ['post_logout_redirect_uri', `${origin}/`],
    ]);
    await page.waitForSelector('text=Posting site asked to sign you out');
    await page.click('button[name=logout]');
    await page.waitForSelector('text=Back at the site');
    await post('/oauth/authorize', authorizationParameters());
    await page.waitForSelector('[name=login]');
  });
});
