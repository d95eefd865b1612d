/** Apps that do not answer, answer wrongly, or are gone: nothing is lost, nobody is hammered, nothing is claimed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { endSessions } from '../../src/sessions/end-session.ts';
import { ann, app, type RegisteredApp } from '../support/cast.ts';
import { statement } from '../support/database.ts';
import { authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { runFrontdesk } from '../support/terminal.ts';

let frontdesk: Frontdesk;
let good: { app: RegisteredApp; receiver: Receiver };
let bad: { app: RegisteredApp; receiver: Receiver };

async function told(id: string): Promise<{ app: RegisteredApp; receiver: Receiver }> {
  const receiver = await startReceiver(frontdesk.issuer, id);
  return { receiver, app: await app(frontdesk, { id, isFirstParty: true, backChannelLogoutUri: receiver.uri }) };
}

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  good = await told('good');
  bad = await told('bad');
});
afterAll(async () => {
  await frontdesk.close();
  await good.receiver.stop();
  await bad.receiver.stop();
});
beforeEach(async () => {
  await frontdesk.db.read(statement('delete from logout_notices'));
  await frontdesk.db.read(statement('delete from receiver_states'));
  for (const { receiver } of [good, bad]) {
    receiver.heard.length = 0;
    receiver.calls = 0;
    receiver.answerWith(200);
  }
});

interface Row {
  client_id: string;
  attempts: number;
  delivered_at: Date | null;
  gave_up_at: Date | null;
  problem: string | null;
  pause: number;
}
const notices = (clientId: string) =>
  frontdesk.db.read<Row>(
    statement(`select *, extract(epoch from next_attempt_at - now())::float as pause from logout_notices
      where client_id = '${clientId}' order by created_at`),
  );

/** So many sessions at both apps. */
async function signInMany(count: number): Promise<string[]> {
  for (let index = 0; index < count; index += 1) {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, good.app));
    await codeFor(browser, authorize(frontdesk, bad.app));
  }
  const live = await frontdesk.db.read<{ uid: string }>(
    statement('select uid from sessions where ended_at is null and account_id is not null'),
  );
  return live.map(({ uid }) => uid);
}

/** So many sessions at both apps, ended at once. */
async function endMany(count: number): Promise<void> {
  await endSessions(frontdesk.db, await signInMany(count), 'ended_by_administrator');
}

/** What is known of an app's notices, once it is written down that it heard them. */
async function written(id: string): ReturnType<typeof notices> {
  for (let count = 0; count < 100; count += 1) {
    const all = await notices(id);
    if (all.every(({ delivered_at: at }) => at !== null)) return all;
    await sleep(50);
  }
  return notices(id);
}

test('an app that fails now and then hears everything in the end', async () => {
  let call = 0;
  bad.receiver.answerWith(() => ((call += 1) % 2 === 0 ? 200 : 500));
  await endMany(5);
  await bad.receiver.until(5, 20_000);
  await good.receiver.until(5);
  for (const { delivered_at: at, problem } of await written('bad')) {
    expect([at instanceof Date, problem]).toEqual([true, null]);
  }
});

test('G05 an app that is down is tried by one call at a time with growing pauses, and hears all when it is back', async () => {
  await bad.receiver.stop();
  await endMany(12);
  await good.receiver.until(12);
  await sleep(6_000);
  const waiting = await notices('bad');
  expect(waiting).toHaveLength(12);
  // The first batch at once, then one each after 1, 2 and 4 seconds: however many notices wait.
  const attempts = waiting.reduce((sum, { attempts: each }) => sum + each, 0);
  expect(attempts).toBeLessThanOrEqual(10 + 3);
  expect(waiting.every(({ problem, attempts: each }) => each === 0 || problem === 'unreachable')).toBe(true);
  await bad.receiver.start();
  await bad.receiver.until(12, 15_000);
  await written('bad');
  expect(await frontdesk.db.read(statement('select from receiver_states'))).toEqual([]);
});

test('G05 an app that takes calls and never answers does not hold up the others, however many sessions end', async () => {
  const uids = await signInMany(20);
  bad.receiver.answerWith(0);
  const start = Date.now();
  for (const uid of uids) await endSessions(frontdesk.db, [uid], 'ended_by_administrator');
  await good.receiver.until(20);
  expect(Date.now() - start).toBeLessThan(2_000);
  await sleep(3_500);
  expect((await notices('bad')).some(({ problem }) => problem === 'timeout')).toBe(true);
  // Ten side by side at first, then one at a time.
  expect(bad.receiver.calls).toBeLessThanOrEqual(10 + 2);
});

test('C07 a redirect is no answer, and is not followed', async () => {
  bad.receiver.answerWith(302);
  await endMany(1);
  await sleep(1_000);
  const [notice] = await notices('bad');
  expect(notice).toMatchObject({ problem: 'status_302', delivered_at: null });
});

test('each attempt carries a fresh token', async () => {
  let call = 0;
  bad.receiver.answerWith(() => ((call += 1) === 1 ? 500 : 200));
  await endMany(1);
  await bad.receiver.until(1);
  const { claims } = bad.receiver.heard[0]!;
  expect(claims.iat! * 1000).toBeGreaterThan(Date.now() - 3_000);
  expect(claims.jti).toEqual(expect.any(String));
});

test('after a day a notice is a dead letter that can be seen, and tried again', async () => {
  bad.receiver.answerWith(500);
  await endMany(1);
  await sleep(500);
  await frontdesk.db.read(
    statement(`update logout_notices set created_at = created_at - interval '25 hours', next_attempt_at = now()`),
  );
  for (let waited = 0; waited < 100 && !(await notices('bad'))[0]!.gave_up_at; waited += 1) await sleep(100);
  expect((await notices('bad'))[0]).toMatchObject({ gave_up_at: expect.any(Date), problem: 'status_500' });
  const events = await frontdesk.db.read(statement("select from audit_events where kind = 'notice.gave-up'"));
  expect(events).toHaveLength(1);

  const environment = { ISSUER: frontdesk.issuer, DATABASE_URL: frontdesk.database.url, SECRET: frontdesk.secret };
  expect((await runFrontdesk(['notices', 'list', '--open'], environment)).out).toMatch(
    /bad +ended_by_administrator +failed/,
  );
  bad.receiver.answerWith(200);
  expect((await runFrontdesk(['notices', 'retry'], environment)).out).toBe('One is tried again.\n');
  await bad.receiver.until(1, 10_000);
  expect((await runFrontdesk(['notices', 'retry'], environment)).error).toBe('There are no dead letters.\n');
  expect((await runFrontdesk(['notices', 'list', '--open'], environment)).out).toBe('There are none.\n');
});

test('C07 an address that must not be called, and an app that is gone, are given up at once', async () => {
  await frontdesk.db.read(
    statement(
      `update clients set metadata = metadata || '{"backchannel_logout_uri": "http://10.0.0.1/x"}' where id = 'bad'`,
    ),
  );
  await endMany(1);
  await good.receiver.until(1);
  await sleep(300);
  expect((await notices('bad'))[0]).toMatchObject({ gave_up_at: expect.any(Date), problem: 'not_allowed' });
  const uri = JSON.stringify({ backchannel_logout_uri: bad.receiver.uri });
  await frontdesk.db.read(statement(`update clients set metadata = metadata || '${uri}' where id = 'bad'`));
});

test('what a process had taken on when it died is due again after five seconds', async () => {
  bad.receiver.answerWith(200);
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, bad.app));
  // As a process leaves it that claimed the notice, and was killed before it sent it.
  await frontdesk.db.read(
    statement(`insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason, next_attempt_at)
      select gen_random_uuid(), uid, account_id, 'bad', 'lost', 'back', 'signed_out', now() + interval '5 seconds'
      from sessions where ended_at is null and account_id is not null limit 1`),
  );
  await bad.receiver.until(1, 15_000);
  expect(bad.receiver.heard[0]!.claims['sid']).toBe('lost');
});

test('a notice is written with the end of the session or not at all', async () => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, good.app));
  const [{ uid } = { uid: '' }] = await frontdesk.db.read<{ uid: string }>(
    statement('select uid from sessions where ended_at is null and account_id is not null order by created_at desc'),
  );
  const work = frontdesk.db.inUnitOfWork(async () => {
    await endSessions(frontdesk.db, [uid], 'signed_out');
    throw new Error('undone');
  });
  await expect(work).rejects.toThrow('undone');
  await sleep(500);
  expect(await notices('good')).toEqual([]);
  expect(good.receiver.calls).toBe(0);
  expect((await browser.visit(authorize(frontdesk, good.app).url)).location).toContain('code=');
});
