/** Requirements of README.md beside this file: A11. How often one may begin. */
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

test('A11 an anonymous session does not lift the rate limit; a session of a person does', async () => {
  const strict = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { RATE_LIMIT_FACTOR: '0.02' } });
  const known = newBrowser(frontdesk);
  await codeFor(known, authorize(frontdesk, site));
  const nobody = newBrowser(frontdesk);
  await nobody.send(`${frontdesk.issuer}/oauth/logout`);
  const statuses = async (browser: Browser, path: string, port: number) => {
    const same = newBrowser(frontdesk, port);
    for (const cookie of await browser.jar.getCookies(frontdesk.issuer))
      await same.jar.setCookie(cookie, frontdesk.issuer);
    const responses = [];
    for (let count = 0; count < 7; count += 1) responses.push((await same.send(path)).status);
    return responses;
  };
  const start = authorize(frontdesk, site).url;
  expect((await statuses(nobody, start, strict.port)).slice(-2)).toEqual([429, 429]);
  expect(await statuses(known, start, strict.port)).toEqual(Array<number>(7).fill(303));
  expect((await statuses(newBrowser(frontdesk), `${frontdesk.issuer}/oauth/logout`, strict.port)).slice(-2)).toEqual([
    429, 429,
  ]);
  expect(
    (await statuses(newBrowser(frontdesk), `${frontdesk.issuer}/oauth/authorize/x`, strict.port)).slice(-2),
  ).toEqual([429, 429]);
  await strict.close();
});
