/** Endings of very many sessions: all of them are refused at once, and servers end them in batches. */
import { reinstateAccount, suspendAccount } from '../../src/accounts/suspend-account.ts';
import { removeAccount } from '../../src/accounts/remove-account.ts';
import { setPassword } from '../../src/accounts/set-password.ts';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { endAccountSessions } from '../../src/sessions/end-session.ts';
import { findSessionByUid } from '../../src/sessions/session-repository.ts';
import { runSql, statement } from '../support/database.ts';
import { becomes } from '../support/eventually.ts';
import { callAs, refresh, userinfo } from '../support/flow.ts';
import { addSessions } from '../support/full-database.ts';
import { startTwoApps, type SignedIn, type TwoApps } from '../support/two-apps.ts';

const sessionCount = 1_700;
let apps: TwoApps;
let db: Database;

beforeAll(async () => {
  apps = await startTwoApps();
  ({ db } = apps.frontdesk);
  // The apps of the sessions that are made by SQL.
  await run(`insert into clients (id, kind, metadata) values ('app-1', 'web', '{}'), ('app-2', 'web', '{}')`);
});

const run = (text: string) => runSql(db, text);
const count = async (rows: string) => (await runSql<{ n: number }>(db, `select count(*)::int as n from ${rows}`))[0]!.n;
const pending = () => count('pending_endings');

/** A person who is signed in at two apps, and in very many other browsers. */
async function signedInManyTimes(): Promise<SignedIn & { uid: string }> {
  const signed = await apps.signedIn();
  const [row] = await runSql<{ uid: string }>(
    db,
    `select uid from sessions where account_id = '${signed.person.id}' and ended_at is null`,
  );
  await addSessions(apps.frontdesk.database.url, signed.person.id, sessionCount);
  return { ...signed, uid: row!.uid };
}

/** Locks the row of a session during `work`, so that it cannot end. */
async function whileLocked(uid: string, work: () => Promise<void>): Promise<void> {
  const other = openDatabase({ url: apps.frontdesk.database.url });
  try {
    await other.startUnitOfWork(async (unit) => {
      await other.guard(statement(`select from sessions where uid = '${uid}' for update`));
      await work();
      await unit.rollback();
    });
  } finally {
    await other.close();
  }
}

/** What still works for the person, and for the first app. */
async function whatWorks({ browser, tokens }: SignedIn): Promise<Record<string, boolean>> {
  const { frontdesk, firstApp } = apps;
  const [{ access_token: token, refresh_token: refreshToken }] = tokens as [SignedIn['tokens'][number]];
  const introspected = await callAs(frontdesk, firstApp.app, '/oauth/introspect', { token });
  return {
    session: !(await apps.isSignedOut(browser)),
    userinfo: (await userinfo(frontdesk, token)).status === 200,
    introspection: introspected.json()['active'] === true,
    refresh: (await refresh(frontdesk, firstApp.app, refreshToken!)).status === 200,
  };
}
const everything = { session: true, userinfo: true, introspection: true, refresh: true };
const nothing = { session: false, userinfo: false, introspection: false, refresh: false };

const liveSessions = (accountId: string) => count(`sessions where account_id = '${accountId}' and ended_at is null`);
const liveGrants = (accountId: string) => count(`grants where account_id = '${accountId}' and revoked_at is null`);
const notices = (accountId: string, reason: string) =>
  count(`(select distinct session_uid, client_id from logout_notices
    where account_id = '${accountId}' and reason = '${reason}') notified`);
const events = (accountId: string) =>
  count(`audit_events where account_id = '${accountId}' and kind = 'session.ended'`);

test('A07 and G09 a suspension refuses all sessions at once, and ends them with one notice for each app', async () => {
  const signed = await signedInManyTimes();
  const { id } = signed.person;
  const before = await events(id);
  await whileLocked(signed.uid, async () => {
    await suspendAccount(db, id, 'command-line');
    expect(await pending()).toBe(1);
    expect(await liveSessions(id)).toBeGreaterThan(1_000);
    expect(await whatWorks(signed)).toEqual(nothing);
    expect(await apps.canRefresh(signed.offline)).toBe(false);
    // The pending ending refuses them too, not only the suspension.
    await reinstateAccount(db, id, 'command-line');
    expect(await findSessionByUid(db, signed.uid)).toBeUndefined();
    expect(
      (
        await callAs(apps.frontdesk, apps.firstApp.app, '/oauth/introspect', { token: signed.tokens[0]!.access_token })
      ).json(),
    ).toEqual({ active: false });
  });
  await becomes(pending, 0);
  expect([await liveSessions(id), await liveGrants(id)]).toEqual([0, 0]);
  // Two apps for each session, and offline access.
  expect(await notices(id, 'account_suspended')).toBe(2 * (sessionCount + 1) + 1);
  expect((await events(id)) - before).toBe(sessionCount + 1);
});

test('A07 and G09 a new password ends all sessions but the one in which it was set', async () => {
  const signed = await signedInManyTimes();
  const { id } = signed.person;
  const password = 'another password of many words';
  const change = { accountId: id, password, by: 'person' as const, keptSessionUid: signed.uid };
  await setPassword(db, apps.frontdesk.app.hasher, change);
  expect(await whatWorks(signed)).toEqual(everything);
  expect(await apps.canRefresh(signed.offline)).toBe(false);
  await becomes(pending, 0);
  expect(await liveSessions(id)).toBe(1);
  expect(await apps.isSignedOut(signed.browser)).toBe(false);
});

test('G09 sessions that an administrator ends are refused at once, and offline access keeps working', async () => {
  const signed = await signedInManyTimes();
  const { id } = signed.person;
  await whileLocked(signed.uid, async () => {
    expect(await endAccountSessions(db, id, 'ended_by_administrator')).toBe(sessionCount + 1);
    expect(await whatWorks(signed)).toEqual(nothing);
    expect(await apps.canRefresh(signed.offline)).toBe(true);
  });
  await becomes(pending, 0);
  expect(await liveSessions(id)).toBe(0);
  expect(await apps.canRefresh(signed.offline)).toBe(true);
});

test('A07 and G09 a removed account is deleted when its last session has ended', async () => {
  const signed = await signedInManyTimes();
  const { id } = signed.person;
  await whileLocked(signed.uid, async () => {
    await removeAccount(db, id, 'command-line');
    expect(await whatWorks(signed)).toEqual(nothing);
    expect(await count(`accounts where id = '${id}' and suspended_at is not null`)).toBe(1);
  });
  await becomes(() => count(`accounts where id = '${id}'`), 0);
  expect([await pending(), await count(`grants where account_id = '${id}'`)]).toEqual([0, 0]);
  expect(await notices(id, 'account_removed')).toBe(2 * (sessionCount + 1) + 1);
});
