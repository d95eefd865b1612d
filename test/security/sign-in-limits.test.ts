/** Requirements of README.md beside this file: A11. Tests how many authorization requests an anonymous browser and a signed-in one may send. */
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Browser } from '../support/browser.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  site = await siteA(frontdesk);
});

test('A11 the rate limit applies to an anonymous session and not to the session of a person', async () => {
  const strict = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { RATE_LIMIT_FACTOR: '0.02' } });
  const signedInBrowser = newBrowser(frontdesk);
  await codeFor(signedInBrowser, authorize(frontdesk, site));
  const anonymousBrowser = newBrowser(frontdesk);
  await anonymousBrowser.send(`${frontdesk.issuer}/oauth/logout`);
  const statuses = async (browser: Browser, path: string, port: number) => {
    const browserAtStrictServer = newBrowser(frontdesk, port);
    for (const cookie of await browser.jar.getCookies(frontdesk.issuer))
      await browserAtStrictServer.jar.setCookie(cookie, frontdesk.issuer);
    const responses = [];
    for (let count = 0; count < 7; count += 1) responses.push((await browserAtStrictServer.send(path)).status);
    return responses;
  };
  const authorizationUrl = authorize(frontdesk, site).url;
  expect((await statuses(anonymousBrowser, authorizationUrl, strict.port)).slice(-2)).toEqual([429, 429]);
  expect(await statuses(signedInBrowser, authorizationUrl, strict.port)).toEqual(Array<number>(7).fill(303));
  expect((await statuses(newBrowser(frontdesk), `${frontdesk.issuer}/oauth/logout`, strict.port)).slice(-2)).toEqual([
    429, 429,
  ]);
  expect(
    (await statuses(newBrowser(frontdesk), `${frontdesk.issuer}/oauth/authorize/x`, strict.port)).slice(-2),
  ).toEqual([429, 429]);
  await strict.close();
});
