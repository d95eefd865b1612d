/** Tests `frontdesk sessions …` and `frontdesk notices …` beside a running server. */
import { app, person, type RegisteredApp } from '../../test/support/people-and-apps.ts';
import { runSql } from '../../test/support/database.ts';
import { authorize, codeFor, newBrowser } from '../../test/support/flow.ts';
import { eventually } from '../../test/support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../../test/support/frontdesk.ts';
import { startReceiver, type Receiver } from '../../test/support/receiver.ts';
import { runFrontdesk } from '../../test/support/terminal.ts';
import type { Browser } from '../../test/support/browser.ts';

let frontdesk: Frontdesk;
let receiver: Receiver;
let wiki: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  receiver = await startReceiver(frontdesk.issuer, 'wiki');
  wiki = await app(frontdesk, { id: 'wiki', name: 'Wiki', isFirstParty: true, backChannelLogoutUri: receiver.uri });
  for (const login of ['ann', 'ben']) await person(frontdesk, login, login);
});

const run = (...args: string[]) =>
  runFrontdesk(args, { ISSUER: frontdesk.issuer, DATABASE_URL: frontdesk.database.url, SECRET: frontdesk.secret });
const unknown = 'No account has that address, user name or id. See: frontdesk accounts list\n';

async function signIn(login: string): Promise<Browser> {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, wiki), login);
  return browser;
}
const isIn = async (browser: Browser) =>
  (await browser.send(authorize(frontdesk, wiki).url)).location!.includes('code=');

describe('sessions', () => {
  test('are listed with device, address and apps, without their ids', async () => {
    expect((await run('sessions', 'list', 'ben')).out).toBe('ben has no session.\n');
    const browser = await signIn('ben');
    // The logout confirmation page stores its CSRF token in the session.
    await browser.visit(`${frontdesk.issuer}/oauth/logout`);
    const { out } = await run('sessions', 'list', 'ben');
    expect(out).toMatch(
      /^SESSION +DEVICE +ADDRESS +SIGNED IN +LAST SEEN +APPS\n\S+ +Unknown device +127.0.0.1 +20\S+Z +20\S+Z +wiki\n$/,
    );
    const [session] = JSON.parse((await run('sessions', 'list', 'ben@example.com', '--json')).out) as object[];
    expect(session).toMatchObject({ uid: expect.any(String), ip: '127.0.0.1', authorizations: { wiki: {} } });
    expect(session).not.toHaveProperty('state');
    expect(out).not.toContain((await browser.cookie(frontdesk.issuer, 'fd_session'))!);
  });

  test('can be ended one by one, and the apps of the ended session are notified', async () => {
    const [first, second] = [await signIn('ann'), await signIn('ann')];
    // The session that was used last comes first.
    const [{ uid } = { uid: '' }] = JSON.parse((await run('sessions', 'list', 'ann', '--json')).out) as {
      uid: string;
    }[];
    receiver.received.length = 0;
    expect((await run('sessions', 'end', 'ann', `--session=${uid}`)).out).toBe('One session is ended.\n');
    await receiver.until(1);
    expect([await isIn(first), await isIn(second)]).toEqual([true, false]);
    expect(await run('sessions', 'end', 'ann', `--session=${uid}`)).toEqual({
      code: 1,
      out: '',
      error: 'There is no such session any more.\n',
    });
  });

  test('of another account cannot be ended', async () => {
    const browser = await signIn('ben');
    const [{ uid } = { uid: '' }] = JSON.parse((await run('sessions', 'list', 'ben', '--json')).out) as {
      uid: string;
    }[];
    expect((await run('sessions', 'end', 'ann', `--session=${uid}`)).code).toBe(1);
    expect(await isIn(browser)).toBe(true);
  });

  test('of an account can be ended all at once', async () => {
    await run('sessions', 'end', 'ann');
    const browsers = [await signIn('ann'), await signIn('ann'), await signIn('ann')];
    expect((await run('sessions', 'end', 'ann')).out).toBe('3 sessions are ended.\n');
    for (const browser of browsers) expect(await isIn(browser)).toBe(false);
    expect((await run('sessions', 'end', 'ann')).out).toBe('0 sessions are ended.\n');
  });

  test.each(['list', 'end'])('of an unknown account cannot be addressed by %s', async (verb) => {
    expect(await run('sessions', verb, 'nobody')).toEqual({ code: 1, out: '', error: unknown });
    expect(await run('sessions', verb)).toMatchObject({ code: 2, error: expect.stringMatching(/^ACCOUNT is missing/) });
  });
});

describe('notices', () => {
  test('are listed with their state', async () => {
    await signIn('ann');
    receiver.received.length = 0;
    await run('sessions', 'end', 'ann');
    await receiver.until(1);
    await eventually(async () => (await run('notices', 'list', '--open')).out === 'There is no such notice.\n');
    expect((await run('notices', 'list')).out).toMatch(
      /^SINCE +APP +REASON +STATE +TOOK +ATTEMPTS +PROBLEM\n20\S+Z +wiki +ended_by_administrator +delivered +\d+ ms +\d\n/,
    );
    const [notice] = JSON.parse((await run('notices', 'list', '--json')).out) as object[];
    const reason = 'ended_by_administrator';
    expect(notice).toMatchObject({ clientId: 'wiki', channel: 'back', reason, attempts: expect.any(Number) });
  });

  test('are queued again only when they were given up', async () => {
    expect(await run('notices', 'retry')).toEqual({ code: 1, out: '', error: 'There are no dead letters.\n' });
    receiver.answerWith(500);
    await signIn('ann');
    await run('sessions', 'end', 'ann');
    await eventually(async () => (await run('notices', 'list', '--open')).out.includes('status_500'));
    await runSql(frontdesk.db, 'update logout_notices set gave_up_at = now() where delivered_at is null');
    expect((await run('notices', 'list', '--open')).out).toMatch(
      /wiki +ended_by_administrator +failed +\d+ +status_500/,
    );
    receiver.answerWith(200);
    receiver.received.length = 0;
    expect((await run('notices', 'retry')).out).toBe('One notice is queued again.\n');
    await receiver.until(1);
    expect(receiver.received).toHaveLength(1);
  });
});
