/** Requests that another site posts by a form, in a real browser: whoever is signed in is recognised. */
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
  /** Where the site's form goes, and its fields. */
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
    origin = `http://elsewhere.localhost:${await listen(server)}`;
    site = await app(frontdesk, {
      id: 'elsewhere',
      name: 'Elsewhere',
      redirectUris: [`${origin}/callback`],
      isFirstParty: true,
    });
    visitor = await openVisitor(await openChromium());
  });
  afterAll(() => expect(visitor.problems).toEqual([]));

  const post = async (path: string, fields: [string, string][]) => {
    form = { action: `${frontdesk.issuer}${path}`, fields };
    await visitor.page.goto(`${origin}/form`);
    await visitor.page.click('button');
  };
  const request = () => [...new URL(authorize(frontdesk, site).url).searchParams];

  test('signed out: the sign-in page; signed in: the app at once', async () => {
    const { page } = visitor;
    await post('/oauth/authorize', request());
    await signInOn(page);
    await page.waitForURL(`${origin}/callback?code=*`);
    const shown: string[] = [];
    page.on('framenavigated', (frame) => shown.push(new URL(frame.url()).pathname));
    await post('/oauth/authorize', request());
    await page.waitForURL(`${origin}/callback?code=*`);
    expect(shown).toEqual(['/form', '/callback']);
  });

  test('sign-out: the session of this browser is in question', async () => {
    const { page } = visitor;
    await post('/oauth/logout', [
      ['client_id', site.id],
      ['post_logout_redirect_uri', `${origin}/`],
    ]);
    await page.waitForSelector('text=Elsewhere asked to sign you out');
    await page.click('button[name=logout]');
    await page.waitForSelector('text=Back at the site');
    await post('/oauth/authorize', request());
    await page.waitForSelector('[name=login]');
  });
});
