/** Requirements of README.md beside this file: B06 to B08. Refresh tokens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from 'oidc-provider';
import { ann, app, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { newBrowser, refresh, tokensFor, userinfo, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { createArtifactAdapter } from '../../src/oidc/adapter/artifact-adapter.ts';
import { sql } from '../../src/platform/statement.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let told: RegisteredApp;
let receiver: Receiver;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  receiver = await startReceiver(frontdesk.issuer, 'told');
  told = await app(frontdesk, { id: 'told', isFirstParty: true, backChannelLogoutUri: receiver.uri });
});
beforeEach(() => void (receiver.received.length = 0));

const signedIn = () => tokensFor(frontdesk, newBrowser(frontdesk), told);
const renew = async (token: string) => (await refresh(frontdesk, told, token)).json<Tokens & { error?: string }>();
const lives = async (token: string) => (await refresh(frontdesk, told, token)).status === 200;
const reuses = async () =>
  (await runSql(frontdesk.db, "select from audit_events where kind = 'refresh-token.reused'")).length;
const usedSecondsAgo = sql`
  update artifacts set consumed_at = clock_timestamp() - make_interval(secs => $1)
  where kind = 'RefreshToken' and consumed_at is not null`;
const secondsPass = (seconds: number) => frontdesk.db.read(usedSecondsAgo, [seconds]);

/** Expects the last tokens of the family to be revoked, the app notified, and an audit event. */
async function expectFamilyEnded(last: Tokens, before: number): Promise<void> {
  expect(await renew(last.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
  expect((await userinfo(frontdesk, last.access_token)).status).toBe(401);
  await receiver.until(1);
  expect(await reuses()).toBe(before + 1);
}

describe('B06', () => {
  test('a refresh token is replaced by each use', async () => {
    const seen = new Set<string>();
    let { refresh_token: token } = await signedIn();
    for (let use = 0; use < 5; use += 1) {
      seen.add(token!);
      ({ refresh_token: token } = await renew(token!));
    }
    expect(seen.size).toBe(5);
    expect(seen.has(token!)).toBe(false);
  });

  test('five tabs at once get the same successor, which works', async () => {
    const { refresh_token: token } = await signedIn();
    const before = await reuses();
    const responses = await Promise.all(Array.from({ length: 5 }, () => renew(token!)));
    const [successor, ...others] = new Set(responses.map((response) => response.refresh_token));
    expect(others).toEqual([]);
    expect(await lives(successor!)).toBe(true);
    expect(await reuses()).toBe(before);
  });

  test('a repeated use within 30 seconds gets the same successor', async () => {
    const first = await signedIn();
    const lost = await renew(first.refresh_token!);
    await secondsPass(29);
    const again = await renew(first.refresh_token!);
    expect(again.refresh_token).toBe(lost.refresh_token);
    expect((await userinfo(frontdesk, again.access_token)).status).toBe(200);
  });

  test('a use after 30 seconds is reuse, even when the successor was never used', async () => {
    const first = await signedIn();
    const last = await renew(first.refresh_token!);
    const before = await reuses();
    await secondsPass(31);
    expect(await renew(first.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
    await expectFamilyEnded(last, before);
  });

  test('a repeated use within 30 seconds gets the newest token of the line', async () => {
    const first = await signedIn();
    const second = await renew(first.refresh_token!);
    const third = await renew(second.refresh_token!);
    expect((await renew(first.refresh_token!)).refresh_token).toBe(third.refresh_token);
    expect(await lives(third.refresh_token!)).toBe(true);
  });

  test('a thief is discovered by the next use of the owner, or by their own', async () => {
    const first = await signedIn();
    const stolen = await renew(first.refresh_token!);
    const before = await reuses();
    await secondsPass(31);
    // The owner, who did not get the successor.
    expect(await renew(first.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
    await expectFamilyEnded(stolen, before);

    const second = await signedIn();
    const owned = await renew(second.refresh_token!);
    await secondsPass(31);
    receiver.received.length = 0;
    expect(await renew(second.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
    await expectFamilyEnded(owned, before + 1);
  });

  test('a repeated use extends neither lifetime nor scope', async () => {
    const { refresh_token: token } = await signedIn();
    const rows = () =>
      runSql<{ end: string; scope: string }>(
        frontdesk.db,
        `select expires_at::text as end, payload ->> 'scope' as scope from artifacts
          where kind = 'RefreshToken' and client_id = 'told' order by created_at desc, consumed_at nulls first limit 1`,
      );
    await renew(token!);
    const made = await rows();
    await sleep(1_100);
    await renew(token!);
    expect(await rows()).toEqual(made);
  });

  test('a concurrent use that is decided after the grace ends the family as well', async () => {
    const first = await signedIn();
    const last = await renew(first.refresh_token!);
    const before = await reuses();
    await secondsPass(31);
    // A concurrent request, which found the token before.
    const adapter = createArtifactAdapter(frontdesk.db, frontdesk.keyring, 'RefreshToken');
    const refused = await frontdesk.db.inUnitOfWork(() =>
      adapter.consume(first.refresh_token!).catch((error: Error) => error),
    );
    expect(refused).toBeInstanceOf(errors.InvalidGrant);
    await expectFamilyEnded(last, before);
  });

  test('reuse is recorded with account and client, and without the token', async () => {
    const first = await signedIn();
    await renew(first.refresh_token!);
    await secondsPass(31);
    await renew(first.refresh_token!);
    const [event] = await runSql<{ text: string; client_id: string; account_id: string }>(
      frontdesk.db,
      `select *, e::text as text from audit_events e where kind = 'refresh-token.reused'
        order by at desc limit 1`,
    );
    expect(event).toMatchObject({ client_id: 'told', account_id: expect.any(String) });
    expect(event!.text).not.toContain(first.refresh_token!);
  });

  test('reuse in one family leaves those of other browsers alone', async () => {
    const [stolen, other] = [await signedIn(), await signedIn()];
    await renew(stolen.refresh_token!);
    await secondsPass(31);
    expect(await lives(stolen.refresh_token!)).toBe(false);
    expect(await lives(other.refresh_token!)).toBe(true);
  });
});

describe('B07', () => {
  test('a refresh token of another client, or without one, is refused, and not used up', async () => {
    const appB = await siteB(frontdesk, { apis: [] });
    const { refresh_token: token } = await tokensFor(frontdesk, newBrowser(frontdesk), appA);
    expect((await refresh(frontdesk, appB, token!)).json()).toMatchObject({ error: 'invalid_grant' });
    const nobody = { id: 'site-a', secret: undefined, redirectUri: appA.redirectUri };
    expect((await refresh(frontdesk, nobody, token!)).status).toBe(401);
    expect((await refresh(frontdesk, { ...appA, secret: 'wrong' }, token!)).status).toBe(401);
    expect((await refresh(frontdesk, appA, token!)).status).toBe(200);
  });
});

describe('B08', () => {
  test('a family ends at its absolute lifetime, however often it is used', async () => {
    let { refresh_token: token } = await signedIn();
    const rows = () =>
      runSql<{ first: number }>(
        frontdesk.db,
        `select (payload ->> 'iiat')::int as first from artifacts
          where kind = 'RefreshToken' and client_id = 'told' order by created_at desc, expires_at desc limit 1`,
      );
    const [{ first } = { first: 0 }] = await rows();
    await sleep(1_100);
    for (let use = 0; use < 3; use += 1) ({ refresh_token: token } = await renew(token!));
    expect(await rows()).toEqual([{ first }]);
    // 91 days after sign-in.
    await runSql(
      frontdesk.db,
      `update artifacts set payload = payload || jsonb_build_object('iiat', ${first} - 91 * 86400)
        where kind = 'RefreshToken' and client_id = 'told'`,
    );
    const last = await renew(token!);
    // The clock passes its end.
    await sleep(1_100);
    expect(await renew(last.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
  });
});
