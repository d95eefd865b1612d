/** Back-channel logout with apps that fail: no notice is lost, retries pause, and states are true. */
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
let good: NotifiedApp;
let bad: NotifiedApp;

beforeAll(async () => {
  ({ frontdesk, one: good, two: bad } = await startTwoApps(['good', 'bad']));
  await ann(frontdesk);
});
beforeEach(async () => {
  await runSql(frontdesk.db, 'delete from logout_notices');
  await runSql(frontdesk.db, 'delete from receiver_states');
  for (const { receiver } of [good, bad]) {
    receiver.received.length = 0;
    receiver.calls = 0;
    receiver.tokens.length = 0;
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
  runSql<Row>(
    frontdesk.db,
    `select *, extract(epoch from next_attempt_at - now())::float as pause from logout_notices
      where client_id = '${clientId}' order by created_at`,
  );

/** Signs in this many times at both apps. @returns the live sessions */
async function signInMany(count: number): Promise<string[]> {
  for (let index = 0; index < count; index += 1) {
    const browser = newBrowser(frontdesk);
    await codeFor(browser, authorize(frontdesk, good.app));
    await codeFor(browser, authorize(frontdesk, bad.app));
  }
  const live = await runSql<{ uid: string }>(
    frontdesk.db,
    'select uid from sessions where ended_at is null and account_id is not null',
  );
  return live.map(({ uid }) => uid);
}

const end = (uids: string[]) => endSessions(frontdesk.db, uids, 'ended_by_administrator');
/** Ends this many sessions at both apps at once. */
const endMany = async (count: number) => end(await signInMany(count));

/** The notices of an app, once all are delivered. */
const delivered = (id: string) =>
  eventually(
    () => notices(id),
    (all) => all.every(({ delivered_at: at }) => at !== null),
  );
/** The only notice of an app, once an attempt failed. */
async function failed(id: string): Promise<Row> {
  const [notice] = await eventually(
    () => notices(id),
    ([first]) => first !== undefined && first.problem !== null,
  );
  return notice!;
}
/** Max requests to an app within these seconds while it fails: ten at first, then one after each pause of 1, 2, 4… s. */
const maxCallsAfter = (seconds: number) => 10 + Math.floor(Math.log2(seconds + 1));
const secondsSince = (start: number) => (Date.now() - start) / 1000;

test('an app that fails at times is notified of everything in the end', async () => {
  let call = 0;
  bad.receiver.answerWith(() => ((call += 1) % 2 === 0 ? 200 : 500));
  await endMany(5);
  await bad.receiver.until(5);
  await good.receiver.until(5);
  for (const { problem } of await delivered('bad')) expect(problem).toBeNull();
});

test('G05 an app that is down gets one request at a time with growing pauses, and all when it is up again', async () => {
  await bad.receiver.stop();
  const uids = await signInMany(12);
  const start = Date.now();
  await end(uids);
  await good.receiver.until(12);
  await sleep(6_000);
  const waiting = await notices('bad');
  const attempts = waiting.reduce((sum, { attempts: each }) => sum + each, 0);
  expect(attempts).toBeLessThanOrEqual(maxCallsAfter(secondsSince(start)));
  expect(waiting).toHaveLength(12);
  expect(waiting.every(({ problem, attempts: each }) => each === 0 || problem === 'unreachable')).toBe(true);
  await bad.receiver.start();
  await bad.receiver.until(12);
  await delivered('bad');
  await eventually(
    () => runSql(frontdesk.db, 'select from receiver_states'),
    ({ length }) => length === 0,
  );
});

test('G05 an app that never responds does not delay the others, however many sessions end', async () => {
  const uids = await signInMany(20);
  bad.receiver.answerWith(0);
  const start = Date.now();
  for (const uid of uids) await end([uid]);
  const isQuick = secondsSince(start) < 0.5;
  await good.receiver.until(20);
  // On a machine that is not busy, before any request to the other app times out.
  if (isQuick) expect(secondsSince(start)).toBeLessThan(3);
  // If requests to one app waited for those to the other, there would be more by now.
  expect(bad.receiver.calls).toBeLessThanOrEqual(maxCallsAfter(secondsSince(start)));
  const states = await eventually(
    () => notices('bad'),
    (all) => all.some(({ problem }) => problem === 'timeout'),
  );
  expect(states).toHaveLength(20);
  expect(bad.receiver.calls).toBeLessThanOrEqual(maxCallsAfter(secondsSince(start)));
});

test('C07 a redirect is a failure, and is not followed', async () => {
  bad.receiver.answerWith(302);
  await endMany(1);
  const { problem, attempts } = await failed('bad');
  expect([problem, bad.receiver.calls]).toEqual(['status_302', attempts]);
});

test('each attempt has a new logout token', async () => {
  let call = 0;
  bad.receiver.answerWith(() => ((call += 1) === 1 ? 500 : 200));
  await endMany(1);
  await bad.receiver.until(1);
  const [first, second] = bad.receiver.tokens.map((token) => decodeJwt(token));
  expect(second!.iat).toBeGreaterThan(first!.iat!);
  expect(second!.jti).not.toBe(first!.jti);
});

test('after a day a notice has failed, is listed, and can be retried', async () => {
  bad.receiver.answerWith(500);
  await endMany(1);
  await failed('bad');
  await runSql(
    frontdesk.db,
    `update logout_notices set created_at = created_at - interval '25 hours', next_attempt_at = now()`,
  );
  const [notice] = await eventually(
    () => notices('bad'),
    ([first]) => first!.gave_up_at !== null,
  );
  expect(notice!.problem).toBe('status_500');
  // The event is recorded in a transaction of its own.
  const gaveUp = statement("select from audit_events where kind = 'notice.gave-up'");
  expect(
    await eventually(
      () => frontdesk.db.read(gaveUp),
      ({ length }) => length > 0,
    ),
  ).toHaveLength(1);

  const environment = { ISSUER: frontdesk.issuer, DATABASE_URL: frontdesk.database.url, SECRET: frontdesk.secret };
  expect((await runFrontdesk(['notices', 'list', '--open'], environment)).out).toMatch(
    /bad +ended_by_administrator +failed/,
  );
  bad.receiver.answerWith(200);
  expect((await runFrontdesk(['notices', 'retry'], environment)).out).toBe('One notice is queued again.\n');
  await bad.receiver.until(1);
  await delivered('bad');
  expect((await runFrontdesk(['notices', 'retry'], environment)).error).toBe('There are no dead letters.\n');
  expect((await runFrontdesk(['notices', 'list', '--open'], environment)).out).toBe('There is no such notice.\n');
});

test('C07 a notice to an address that must not be called fails at once', async () => {
  await runSql(
    frontdesk.db,
    `update clients set metadata = metadata || '{"backchannel_logout_uri": "http://10.0.0.1/x"}' where id = 'bad'`,
  );
  await endMany(1);
  await good.receiver.until(1);
  expect(await failed('bad')).toMatchObject({ gave_up_at: expect.any(Date), problem: 'not_allowed' });
  const line = frontdesk.logged.find((each) => each.includes('"not_allowed"'));
  expect(JSON.parse(line!)).toMatchObject({ clientId: 'bad', hint: 'add 10.0.0.1 to OUTGOING_ALLOWED_HOSTS' });
  const uri = JSON.stringify({ backchannel_logout_uri: bad.receiver.uri });
  await runSql(frontdesk.db, `update clients set metadata = metadata || '${uri}' where id = 'bad'`);
});

test('a notice that was claimed by a killed process is due again after five seconds', async () => {
  bad.receiver.answerWith(200);
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, bad.app));
  // As left by a process that was killed after it claimed the notice.
  await runSql(
    frontdesk.db,
    `insert into logout_notices (id, session_uid, account_id, client_id, sid, channel, reason, next_attempt_at)
      select gen_random_uuid(), uid, account_id, 'bad', 'lost', 'back', 'signed_out', now() + interval '5 seconds'
      from sessions where ended_at is null and account_id is not null limit 1`,
  );
  await bad.receiver.until(1);
  expect(bad.receiver.received[0]!.claims['sid']).toBe('lost');
});

test('notices and the end of the session are one transaction', async () => {
  const browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, good.app));
  const [{ uid } = { uid: '' }] = await runSql<{ uid: string }>(
    frontdesk.db,
    'select uid from sessions where ended_at is null and account_id is not null order by created_at desc',
  );
  const work = frontdesk.db.inUnitOfWork(async () => {
    await endSessions(frontdesk.db, [uid], 'signed_out');
    throw new Error('undone');
  });
  await expect(work).rejects.toThrow('undone');
  expect(await notices('good')).toEqual([]);
  expect((await browser.visit(authorize(frontdesk, good.app).url)).location).toContain('code=');
  // The app is notified of the next end, and was not of the undone one.
  await endSessions(frontdesk.db, [uid], 'signed_out');
  await good.receiver.until(1);
  expect(good.receiver.calls).toBe(1);
});
