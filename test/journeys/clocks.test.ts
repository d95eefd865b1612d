/** Tests that servers on machines with wrong clocks use the time of the database. */
import { decodeJwt } from 'jose';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runSql } from '../support/database.ts';
import { createBrowser, sendRequest } from '../support/browser.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';
import {
  authorize,
  callAs,
  codeFor,
  exchange,
  newBrowser,
  refresh,
  signIn,
  tokensFor,
  type Tokens,
} from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { freePort } from '../support/listen.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { terminate } from '../support/processes.ts';
import { startProgram } from '../support/terminal.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  site = await siteA(frontdesk);
});

/**
 * Starts a server of the same deployment on a machine with another time.
 *
 * @param seconds that its clock is ahead
 * @returns its port, the lines that it logs, and `setBack`, which corrects its clock
 */
async function startShiftedServer(
  seconds: number,
): Promise<{ port: number; lines: string[]; setBack(): void; stop(): Promise<unknown> }> {
  const port = await freePort();
  const preload = pathToFileURL(join(process.cwd(), 'test/support/shifted-clock.ts')).href;
  const child = startProgram(['serve'], {
    ISSUER: frontdesk.issuer,
    SECRET: frontdesk.secret,
    DATABASE_URL: frontdesk.database.url,
    PORT: String(port),
    CLOCK_SHIFT: String(seconds),
    NODE_OPTIONS: `--import ${preload}`,
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line));
  await eventually(async () => {
    const headers = { host: new URL(frontdesk.issuer).host };
    const { status } = await sendRequest(`http://127.0.0.1:${port}/readyz`, { headers }).catch(() => ({ status: 0 }));
    return status === 200;
  });
  return { port, lines, setBack: () => child.kill('SIGUSR2'), stop: () => terminate(child) };
}

const isAtApp = (url: string) => !url.startsWith(frontdesk.issuer);

/** Lets everything expire half a minute ago, which is in the future for a server that is two minutes behind. */
async function expireEverything(): Promise<void> {
  for (const text of [
    `update artifacts set payload = jsonb_set(payload, '{exp}', to_jsonb(floor(extract(epoch from now()))::integer - 30))`,
    `update sessions set expires_at = now() - interval '30 seconds'`,
  ]) {
    await runSql(frontdesk.db, text);
  }
}

describe.each([-120, 120, 86_400])('a server whose machine is %d seconds off', (seconds) => {
  let shifted: Awaited<ReturnType<typeof startShiftedServer>>;
  beforeAll(async () => {
    shifted = await startShiftedServer(seconds);
    closeAfterwards(() => shifted.stop());
  });

  const offlineAccess = { scope: 'openid offline_access', prompt: 'consent' };

  test('exchanges codes of a server with the right time, and vice versa', async () => {
    for (const [from, to] of [
      [shifted.port, frontdesk.port],
      [frontdesk.port, shifted.port],
    ] as const) {
      const request = authorize(frontdesk, site, offlineAccess);
      const code = await codeFor(newBrowser(frontdesk, from), request);
      const response = await exchange(frontdesk, site, { code, verifier: request.verifier }, to);
      expect([response.status, response.body]).toEqual([200, expect.any(String)]);
      const tokens = response.json<Tokens>();
      expect(Math.abs(decodeJwt(tokens.id_token!).iat! - Date.now() / 1000)).toBeLessThan(30);
      expect(
        (await callAs(frontdesk, site, '/oauth/introspect', { token: tokens.access_token }, from)).json(),
      ).toMatchObject({ active: true });
      expect((await refresh(frontdesk, site, tokens.refresh_token!, from)).status).toBe(200);
    }
  });

  test('shares interactions and sessions with a server with the right time', async () => {
    const first = newBrowser(frontdesk, shifted.port);
    const form = await first.visit(authorize(frontdesk, site).url);
    const second = createBrowser(isAtApp, frontdesk.port, await first.jar.clone());
    expect((await signIn(await second.visit(form.url), 'ann')).location).toContain('code=');
    const third = createBrowser(isAtApp, shifted.port, await second.jar.clone());
    expect((await third.send(authorize(frontdesk, site).url)).location).toContain('code=');
  });

  test('refuses expired codes, tokens, interactions and sessions, as a server with the right time does', async () => {
    for (const port of [shifted.port, frontdesk.port]) {
      const browser = newBrowser(frontdesk);
      const form = await browser.visit(authorize(frontdesk, site).url);
      const pending = createBrowser(isAtApp, port, await browser.jar.clone());
      const tokens = await tokensFor(frontdesk, browser, site, offlineAccess);
      const request = authorize(frontdesk, site);
      const code = await codeFor(browser, request);
      await expireEverything();
      const refused = [
        await exchange(frontdesk, site, { code, verifier: request.verifier }, port),
        await refresh(frontdesk, site, tokens.refresh_token!, port),
      ];
      for (const response of refused) {
        expect([response.status, response.json()['error']]).toEqual([400, 'invalid_grant']);
      }
      expect((await pending.visit(form.url)).status).toBe(400);
      const silent = await pending.send(authorize(frontdesk, site, { prompt: 'none' }).url);
      expect(silent.location).toContain('error=login_required');
    }
  });

  test('logs one warning', () => {
    const warnings = shifted.lines
      .map((line) => JSON.parse(line) as { seconds: number; msg: string })
      .filter(({ msg }) => msg.startsWith('the clock of the database'));
    expect(warnings).toEqual([
      expect.objectContaining({ level: 'warn', hint: expect.stringContaining('synchronise the clocks') }),
    ]);
    expect(Math.abs(warnings[0]!.seconds + seconds)).toBeLessThan(3);
  });
});

test('a server uses the time of the database again after its clock was corrected', async () => {
  const shifted = await startShiftedServer(120);
  shifted.setBack();
  await eventually(() => shifted.lines.filter((line) => line.includes('synchronise the clocks')).length === 2);
  const request = authorize(frontdesk, site);
  const code = await codeFor(newBrowser(frontdesk, shifted.port), request);
  expect((await exchange(frontdesk, site, { code, verifier: request.verifier })).status).toBe(200);
  await shifted.stop();
});
