/** Tests deliveries of logout notices to an app that fails: retries, pauses, and the recorded states. */
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { endSessions } from '../../src/sessions/end-session.ts';
import { ann } from '../support/people-and-apps.ts';
import { runSql, statement } from '../support/database.ts';
import { authorize, codeFor, newBrowser } from '../support/flow.ts';
import { eventually } from '../support/eventually.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import { runFrontdesk } from '../support/terminal.ts';
import { startTwoApps, type NotifiedApp } from '../support/two-apps.ts';

let frontdesk: Frontdesk;
let workingApp: NotifiedApp;
let failingApp: NotifiedApp;

beforeAll(async () => {
  ({ frontdesk, firstApp: workingApp, secondApp: failingApp } = await startTwoApps(['working', 'failing']));
  await ann(frontdesk);
});
beforeEach(async () => {
  await runSql(frontdesk.db, 'delete from logout_notices');
  await runSql(frontdesk.db, 'delete from receiver_states');
  for (const { receiver } of [workingApp, failingApp]) {
    receiver.received.length = 0;
    receiver.calls = 0;
    receiver.tokens.length = 0;
    receiver.answerWith(200);
  }
});

interface NoticeRow {
  client_id: string;
  attempts: number;
  delivered_at: Date | null;
  gave_up_at: Date | null;
  problem: string | null;
  seconds_to_next_attempt: number;
}
const notices = (clientId: string) =>
  runSql<NoticeRow>(
    frontdesk.db,
    `select *, extract(epoch from next_attempt_at - now())::float as seconds_to_next_attempt from logout_notices
      where client_id = '${clientId}' order by created_at`,
  );

/** Signs in this many times at both apps. @returns the live sessions */
async function signInMany(count: number): Promise<string[]> {
  for (let index = 0; index < count; index += 1) {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, workingApp.app));
    await codeFor(browser, authorize(frontdesk, failingApp.app));
  }
  const live = await runSql<{ uid: string }>(
    frontdesk.db,
    'select uid from sessions where ended_at is null and account_id is not null',
  );
  return live.map(({ uid }) => uid);
}

const endAll = (uids: string[]) => endSessions(frontdesk.db, uids, 'ended_by_administrator');
/** Makes this many sessions with both apps, and ends them at once. */
const endMany = async (count: number) => endAll(await signInMany(count));

/** Waits until all notices of an app are delivered. @returns them */
const deliveredNotices = (id: string) =>
  eventually(
    () => notices(id),
    (all) => all.every(({ delivered_at: at }) => at !== null),
  );
/** Waits until an attempt of the only notice of an app has failed. @returns the notice */
async function failedNotice(id: string): Promise<NoticeRow> {
  const [notice] = await eventually(
    () => notices(id),
    ([first]) => first !== undefined && first.problem !== null,
  );
  return notice!;
}
/** Maximum number of requests to an app that fails for so long: ten at once, then one after each pause (1, 2, 4… s). */
const maxCallsAfter = (seconds: number) => 10 + Math.floor(Math.log2(seconds + 1));
const secondsSince = (start: number) => (Date.now() - start) / 1000;

test('an app that fails every second request gets all logout tokens', async () => {
  let call = 0;
  failingApp.receiver.answerWith(() => ((call += 1) % 2 === 0 ? 200 : 500));
  await endMany(5);
  await failingApp.receiver.until(5);
  await workingApp.receiver.until(5);
  for (const { problem } of await deliveredNotices('failing')) expect(problem).toBeNull();
});

test('G05 an app that is down gets one request at a time after growing pauses, and all logout tokens when it is up', async () => {
  await failingApp.receiver.stop();
  const uids = await signInMany(12);
  const start = Date.now();
  await endAll(uids);
  await workingApp.receiver.until(12);
  await sleep(6_000);
  const waiting = await notices('failing');
  const attempts = waiting.reduce((sum, { attempts: each }) => sum + each, 0);
  expect(attempts).toBeLessThanOrEqual(maxCallsAfter(secondsSince(start)));
  expect(waiting).toHaveLength(12);
  expect(waiting.every(({ problem, attempts: each }) => each === 0 || problem === 'unreachable')).toBe(true);
  await failingApp.receiver.start();
  await failingApp.receiver.until(12);
  await deliveredNotices('failing');
  await eventually(
    () => runSql(frontdesk.db, 'select from receiver_states'),
    ({ length }) => length === 0,
  );
});

test('G05 an app that never responds does not delay deliveries to other apps', async () => {
  const uids = await signInMany(20);
  failingApp.receiver.answerWith(0);
  const start = Date.now();
  for (const uid of uids) await endAll([uid]);
  const isMachineIdle = secondsSince(start) < 0.5;
  await workingApp.receiver.until(20);
  // Three seconds is less than the time-out of a delivery. On a busy machine the deliveries may take longer.
  if (isMachineIdle) expect(secondsSince(start)).toBeLessThan(3);
  expect(failingApp.receiver.calls).toBeLessThanOrEqual(maxCallsAfter(secondsSince(start)));
  const states = await eventually(
    () => notices('failing'),
    (all) => all.some(({ problem }) => problem === 'timeout'),
  );
  expect(states).toHaveLength(20);
  expect(failingApp.receiver.calls).toBeLessThanOrEqual(maxCallsAfter(secondsSince(start)));
});

test('C07 a delivery that gets a redirect has failed, and the redirect is not followed', async () => {
  failingApp.receiver.answerWith(302);
  await endMany(1);
  const { problem, attempts } = await failedNotice('failing');
  expect([problem, failingApp.receiver.calls]).toEqual(['status_302', attempts]);
});

test('each attempt of a delivery has a new logout token', async () => {
  let call = 0;
  failingApp.receiver.answerWith(() => ((call += 1) === 1 ? 500 : 200));
  await endMany(1);
  await failingApp.receiver.until(1);
  const [first, second] = failingApp.receiver.tokens.map((token) => decodeJwt(token));
  expect(second!.iat).toBeGreaterThan(first!.iat!);
  expect(second!.jti).not.toBe(first!.jti);
});

test('a notice is given up after a day, and commands list and retry it', async () => {
  failingApp.receiver.answerWith(500);
  await endMany(1);
  await failedNotice('failing');
  await runSql(
    frontdesk.db,
    `update logout_notices set created_at = created_at - interval '25 hours', next_attempt_at = now()`,
  );
  const [notice] = await eventually(
    () => notices('failing'),
    ([first]) => first!.gave_up_at !== null,
  );
  expect(notice!.problem).toBe('status_500');
  // The event is recorded in a second transaction, after the notice was given up.
  const eventsOfGivingUp = statement("select from audit_events where kind = 'notice.gave-up'");
  expect(
    await eventually(
      () => frontdesk.db.read(eventsOfGivingUp),
      ({ length }) => length > 0,
    ),
  ).toHaveLength(1);

  const environment = { ISSUER: frontdesk.issuer, DATABASE_URL: frontdesk.database.url, SECRET: frontdesk.secret };
  expect((await runFrontdesk(['notices', 'list', '--open'], environment)).out).toMatch(
    /failing +ended_by_administrator +failed/,
  );
  failingApp.receiver.answerWith(200);
  expect((await runFrontdesk(['notices', 'retry'], environment)).out).toBe('One notice is queued again.\n');
  await failingApp.receiver.until(1);
  await deliveredNotices('failing');
  expect((await runFrontdesk(['notices', 'retry'], environment)).error).toBe('There are no dead letters.\n');
  expect((await runFrontdesk(['notices', 'list', '--open'], environment)).out).toBe('There is no such notice.\n');
});

test('C07 a notice is given up at once when the host of its logout URI is not allowed', async () => {
  await runSql(
    frontdesk.db,
    `update clients set metadata = metadata || '{"backchannel_logout_uri": "http://10.0.0.1/x"}' where id = 'failing'`,
  );
  await endMany(1);
  await workingApp.receiver.until(1);
  expect(await failedNotice('failing')).toMatchObject({ gave_up_at: expect.any(Date), problem: 'not_allowed' });
  const line = frontdesk.logged.find((each) => each.includes('"not_allowed"'));
  expect(JSON.parse(line!)).toMatchObject({ clientId: 'failing', hint: 'add 10.0.0.1 to OUTGOING_ALLOWED_HOSTS' });
  const uri = JSON.stringify({ backchannel_logout_uri: failingApp.receiver.uri });
  await runSql(frontdesk.db, `update clients set metadata = metadata || '${uri}' where id = 'failing'`);
});

test('a notice that a killed process had claimed is due again after five seconds', async () => {
  failingApp.receiver.answerWith(200);
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, failingApp.app));
  // A process that is killed after it has claimed a notice leaves this row.
  await runSql(
    frontdesk.db,
    `insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason, next_attempt_at)
      select gen_random_uuid(), uid, account_id, 'failing', 'lost', 'back', 'signed_out', now() + interval '5 seconds'
      from sessions where ended_at is null and account_id is not null limit 1`,
  );
  await failingApp.receiver.until(1);
  expect(failingApp.receiver.received[0]!.claims['sid']).toBe('lost');
});

test('the end of a session and its notices are rolled back together', async () => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, workingApp.app));
  const [{ uid } = { uid: '' }] = await runSql<{ uid: string }>(
    frontdesk.db,
    'select uid from sessions where ended_at is null and account_id is not null order by created_at desc',
  );
  const work = frontdesk.db.inUnitOfWork(async () => {
    await endSessions(frontdesk.db, [uid], 'signed_out');
    throw new Error('undone');
  });
  await expect(work).rejects.toThrow('undone');
  expect(await notices('working')).toEqual([]);
  expect((await browser.visit(authorize(frontdesk, workingApp.app).url)).location).toContain('code=');
  await endSessions(frontdesk.db, [uid], 'signed_out');
  await workingApp.receiver.until(1);
  expect(workingApp.receiver.calls).toBe(1);
});
