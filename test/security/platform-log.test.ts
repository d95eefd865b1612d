/** Requirements of README.md beside this file: E10, G08. Tests that text of unauthenticated requests causes no server error and forges no log line. */
import { sendRequest } from '../support/browser.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { responseParameters, authorize, codeFor, exchange, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { asApp, register, registered, registrationToken, withRegistration } from '../support/registration.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await ann(frontdesk);
  site = await siteA(frontdesk);
});

test('G08 text that PostgreSQL cannot store is refused and causes no server error', async () => {
  const browser = newBrowser(frontdesk);
  const page = await browser.visit(authorize(frontdesk, site, { state: 'a\0b' }).url);
  expect([page.status, page.text]).toEqual([400, expect.stringContaining('characters that cannot be stored')]);
  const form = await browser.visit(authorize(frontdesk, site).url);
  expect((await signIn(form, 'ann\0')).status).toBeLessThan(500);
  expect((await exchange(frontdesk, site, { code: 'a\0b', verifier: 'x'.repeat(43) })).status).toBe(400);
  expect(frontdesk.logged.join('')).not.toContain('"level":"error"');
});

test.each(['"x"', '1', 'true', '{"value":{"a":1}}', '{"value":"\\ud800"}'])(
  'G08 a claims parameter with sub as %s causes no server error',
  async (sub) => {
    const client = asApp(await registered(frontdesk));
    const page = await newBrowser(frontdesk).visit(
      authorize(frontdesk, client, { claims: `{"id_token":{"sub":${sub}}}` }).url,
    );
    expect(responseParameters(page)['error'] ?? String(page.status)).toMatch(/^(invalid_request|400)$/);
    expect(frontdesk.logged.join('')).not.toContain('"level":"error"');
  },
);

test('G08 a lone surrogate in a registration causes no server error', async () => {
  const response = await register(
    frontdesk,
    await registrationToken(frontdesk),
    '{"client_name":"\\ud800","redirect_uris":["https://rp.example/"]}',
  );
  expect(response.status).toBe(400);
  expect(frontdesk.logged.join('')).not.toContain('"level":"error"');
});

test('E10 the log does not contain the URL of a receipt', async () => {
  await codeFor(newBrowser(frontdesk), authorize(frontdesk, asApp(await registered(frontdesk))));
  await newBrowser(frontdesk).send(`${frontdesk.issuer}/sign-out/receipt/o2csOga5ZrJvPqYt1mXcLwNdBeUfHgKi0aSz8Q7T6R4`);
  expect(frontdesk.logged.join('')).not.toContain('o2csOga5');
});

test('E10 line feeds and control characters are escaped inside one JSON line', async () => {
  const forged = '\r\n{"level":"error","msg":"forged"}\x1b[2J';
  const before = frontdesk.logged.length;
  const form = await newBrowser(frontdesk).visit(authorize(frontdesk, site).url);
  await signIn(form, forged, forged);
  await sendRequest(`${frontdesk.issuer}/${encodeURIComponent(forged)}?${encodeURIComponent(forged)}`);
  await sendRequest(authorize(frontdesk, { ...site, id: forged }, { state: forged, login_hint: forged }).url);
  const lines = frontdesk.logged.slice(before);
  expect(lines.length).toBeGreaterThanOrEqual(4);
  for (const line of lines) {
    expect(line.indexOf('\n')).toBe(line.length - 1);
    for (const character of ['\x1b', '\r']) expect(line).not.toContain(character);
    expect((JSON.parse(line) as { msg: string }).msg).toMatch(/^request( refused)?$/);
  }
});
