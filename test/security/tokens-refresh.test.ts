/** Requirements of README.md beside this file: B06 to B08. Tests the rotation, reuse detection and lifetime of refresh tokens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from 'oidc-provider';
import { ann, app, siteA, siteB, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
import { callAs, newBrowser, refresh, tokensFor, userinfo, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { createArtifactAdapter } from '../../src/oidc/adapter/artifact-adapter.ts';

let frontdesk: Frontdesk;
let appA: RegisteredApp;
let notifiedApp: RegisteredApp;
let receiver: Receiver;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  appA = await siteA(frontdesk);
  receiver = await startReceiver(frontdesk.issuer, 'notified-app');
  notifiedApp = await app(frontdesk, { id: 'notified-app', isFirstParty: true, backChannelLogoutUri: receiver.uri });
});
beforeEach(() => void (receiver.received.length = 0));

const signedIn = () => tokensFor(frontdesk, newBrowser(frontdesk), notifiedApp);
const refreshWith = async (token: string) =>
  (await refresh(frontdesk, notifiedApp, token)).json<Tokens & { error?: string }>();
const isUsable = async (token: string) => (await refresh(frontdesk, notifiedApp, token)).status === 200;
const countReuses = async () =>
  (await runSql(frontdesk.db, "select from audit_events where kind = 'refresh-token.reused'")).length;
/** Sets when the used refresh tokens were used. */
const setSecondsSinceUse = (seconds: number) =>
  runSql(
    frontdesk.db,
    `update artifacts set consumed_at = clock_timestamp() - make_interval(secs => $1)
      where kind = 'RefreshToken' and consumed_at is not null`,
    [seconds],
  );

/** Expects that the last tokens of the family are revoked, the app is notified and an audit event is recorded. */
async function expectFamilyRevoked(last: Tokens, reusesBefore: number): Promise<void> {
  expect(await refreshWith(last.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
  expect((await userinfo(frontdesk, last.access_token)).status).toBe(401);
  await receiver.until(1);
  expect(await countReuses()).toBe(reusesBefore + 1);
}

describe('B06', () => {
  test('each use replaces the refresh token', async () => {
    const seen = new Set<string>();
    let { refresh_token: token } = await signedIn();
    for (let use = 0; use < 5; use += 1) {
      seen.add(token!);
      ({ refresh_token: token } = await refreshWith(token!));
    }
    expect(seen.size).toBe(5);
    expect(seen.has(token!)).toBe(false);
  });

  test('five concurrent uses get the same successor, which is usable', async () => {
    const { refresh_token: token } = await signedIn();
    const before = await countReuses();
    const responses = await Promise.all(Array.from({ length: 5 }, () => refreshWith(token!)));
    const [successor, ...others] = new Set(responses.map((response) => response.refresh_token));
    expect(others).toEqual([]);
    expect(await isUsable(successor!)).toBe(true);
    expect(await countReuses()).toBe(before);
  });

  test('a repeated use within 30 seconds gets the same successor, while that is unused', async () => {
    const first = await signedIn();
    const lostResponse = await refreshWith(first.refresh_token!);
    await setSecondsSinceUse(29);
    const repeated = await refreshWith(first.refresh_token!);
    expect(repeated.refresh_token).toBe(lostResponse.refresh_token);
    expect((await userinfo(frontdesk, repeated.access_token)).status).toBe(200);
  });

  test('a repeated use after 30 seconds revokes the family, even when the successor was never used', async () => {
    const first = await signedIn();
    const last = await refreshWith(first.refresh_token!);
    const before = await countReuses();
    await setSecondsSinceUse(31);
    expect(await refreshWith(first.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
    await expectFamilyRevoked(last, before);
  });

  test('a repeated use within 30 seconds gets the newest token of the family, when the successor was used', async () => {
    const first = await signedIn();
    const second = await refreshWith(first.refresh_token!);
    const third = await refreshWith(second.refresh_token!);
    expect((await refreshWith(first.refresh_token!)).refresh_token).toBe(third.refresh_token);
    expect(await isUsable(third.refresh_token!)).toBe(true);
  });

  test('a theft is detected when the owner or the thief uses a replaced token', async () => {
    const first = await signedIn();
    const stolenTokens = await refreshWith(first.refresh_token!);
    const before = await countReuses();
    await setSecondsSinceUse(31);
    // The owner did not get the successor and uses the first token.
    expect(await refreshWith(first.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
    await expectFamilyRevoked(stolenTokens, before);

    const second = await signedIn();
    const ownersTokens = await refreshWith(second.refresh_token!);
    await setSecondsSinceUse(31);
    receiver.received.length = 0;
    expect(await refreshWith(second.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
    await expectFamilyRevoked(ownersTokens, before + 1);
  });

  test('a repeated use extends neither lifetime nor scope', async () => {
    const { refresh_token: token } = await signedIn();
    const rows = () =>
      runSql<{ end: string; scope: string }>(
        frontdesk.db,
        `select expires_at::text as end, payload ->> 'scope' as scope from artifacts
          where kind = 'RefreshToken' and client_id = 'notified-app' order by created_at desc, consumed_at nulls first limit 1`,
      );
    await refreshWith(token!);
    const rowsBefore = await rows();
    await sleep(1_100);
    await refreshWith(token!);
    expect(await rows()).toEqual(rowsBefore);
  });

  test('a refresh that is refused for its resource parameter does not consume the token', async () => {
    const countUnusedSuccessors = async () => {
      const text = 'select from artifacts where parent_hash is not null and consumed_at is null';
      return (await runSql(frontdesk.db, text)).length;
    };
    const { refresh_token: token } = await signedIn();
    const before = await countUnusedSuccessors();
    const form = { grant_type: 'refresh_token', refresh_token: token!, resource: 'https://other.example/' };
    const refused = await callAs(frontdesk, notifiedApp, '/oauth/token', form);
    expect(refused.json()).toMatchObject({ error: 'invalid_target' });
    expect(await countUnusedSuccessors()).toBe(before);
    const { refresh_token: successor } = await refreshWith(token!);
    expect((await refreshWith(successor!)).error).toBeUndefined();
    expect(await countUnusedSuccessors()).toBe(before + 1);
  });

  test('a concurrent use that consumes the token after the grace period revokes the family', async () => {
    const first = await signedIn();
    const last = await refreshWith(first.refresh_token!);
    const before = await countReuses();
    await setSecondsSinceUse(31);
    // A concurrent request has read the token as unused before, and consumes it now.
    const adapter = createArtifactAdapter(frontdesk.db, frontdesk.keyring, 'RefreshToken');
    const refused = await frontdesk.db.inUnitOfWork(() =>
      adapter.consume(first.refresh_token!).catch((error: Error) => error),
    );
    expect(refused).toBeInstanceOf(errors.InvalidGrant);
    await expectFamilyRevoked(last, before);
  });

  test('the audit event of a reuse names the account and the client, and not the token', async () => {
    const first = await signedIn();
    await refreshWith(first.refresh_token!);
    await setSecondsSinceUse(31);
    await refreshWith(first.refresh_token!);
    const [event] = await runSql<{ text: string; client_id: string; account_id: string }>(
      frontdesk.db,
      `select *, e::text as text from audit_events e where kind = 'refresh-token.reused'
        order by at desc limit 1`,
    );
    expect(event).toMatchObject({ client_id: 'notified-app', account_id: expect.any(String) });
    expect(event!.text).not.toContain(first.refresh_token!);
  });

  test('reuse in one family does not revoke families of other browsers', async () => {
    const [stolenTokens, otherFamily] = [await signedIn(), await signedIn()];
    await refreshWith(stolenTokens.refresh_token!);
    await setSecondsSinceUse(31);
    expect(await isUsable(stolenTokens.refresh_token!)).toBe(false);
    expect(await isUsable(otherFamily.refresh_token!)).toBe(true);
  });
});

describe('B07', () => {
  test('a refresh by another or an unauthenticated client is refused and does not consume the token', async () => {
    const appB = await siteB(frontdesk, { apis: [] });
    const { refresh_token: token } = await tokensFor(frontdesk, newBrowser(frontdesk), appA);
    expect((await refresh(frontdesk, appB, token!)).json()).toMatchObject({ error: 'invalid_grant' });
    const clientWithoutSecret = { id: 'site-a', secret: undefined, redirectUri: appA.redirectUri };
    expect((await refresh(frontdesk, clientWithoutSecret, token!)).status).toBe(401);
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
          where kind = 'RefreshToken' and client_id = 'notified-app' order by created_at desc, expires_at desc limit 1`,
      );
    const [{ first } = { first: 0 }] = await rows();
    await sleep(1_100);
    for (let use = 0; use < 3; use += 1) ({ refresh_token: token } = await refreshWith(token!));
    expect(await rows()).toEqual([{ first }]);
    // The family began 91 days ago, and lives 90: a successor now lives the minimum, one second.
    await runSql(
      frontdesk.db,
      `update artifacts set payload = payload || jsonb_build_object('iiat', ${first} - 91 * 86400)
        where kind = 'RefreshToken' and client_id = 'notified-app'`,
    );
    const last = await refreshWith(token!);
    await sleep(1_100);
    expect(await refreshWith(last.refresh_token!)).toMatchObject({ error: 'invalid_grant' });
  });
});
