/** Tests that nothing is issued by a request whose session, grant or account ended after it had been read. */
import pg from 'pg';
import { suspendAccount, reinstateAccount } from '../../src/accounts/suspend-account.ts';
import { revokeGrant } from '../../src/grants/revoke-grant.ts';
import { endSessions } from '../../src/sessions/end-session.ts';
import type { HttpResponse } from '../support/browser.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { runSql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { authorize, codeFor, exchange, newBrowser, refresh, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { ann, siteA, type Person, type RegisteredApp } from '../support/people-and-apps.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;
let person: Person;
let holder: pg.Client;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  person = await ann(frontdesk);
  site = await siteA(frontdesk);
  holder = new pg.Client({ connectionString: frontdesk.database.url });
  await holder.connect();
  closeAfterwards(() => holder.end());
});

const waitingWrites = `select from pg_locks where relation = 'artifacts'::regclass and not granted
  and database = (select oid from pg_database where datname = current_database())`;

/** Does `meanwhile` after a request has read everything, and before it writes to `artifacts`. */
async function betweenReadAndWrite(
  send: () => Promise<HttpResponse>,
  meanwhile: () => Promise<unknown>,
): Promise<HttpResponse> {
  await holder.query('begin; lock table artifacts in share mode');
  const sent = send();
  try {
    await eventually(async () => (await runSql(frontdesk.db, waitingWrites)).length > 0);
    await meanwhile();
  } finally {
    await holder.query('rollback');
  }
  return sent;
}

/** A code that is not used yet, or the tokens that it is exchanged for. */
async function signedIn() {
  const browser = newBrowser(frontdesk);
  const request = authorize(frontdesk, site);
  const unusedCode = { code: await codeFor(browser, request), verifier: request.verifier };
  const [session] = await runSql<{ uid: string }>(
    frontdesk.db,
    'select uid from sessions where account_id is not null order by created_at desc limit 1',
  );
  const [grant] = await runSql<{ id: string }>(frontdesk.db, 'select id from grants where session_uid = $1', [
    session!.uid,
  ]);
  return { browser, unusedCode, uid: session!.uid, grantId: grant!.id };
}
type SignedIn = Awaited<ReturnType<typeof signedIn>>;

const endings: [string, (signedIn: SignedIn) => Promise<unknown>][] = [
  ['session ended', ({ uid }) => frontdesk.db.inUnitOfWork(() => endSessions(frontdesk.db, [uid], 'signed_out'))],
  ['grant was revoked', ({ grantId }) => revokeGrant(frontdesk.db, grantId, 'revoked_by_client')],
  ['account was suspended', () => suspendAccount(frontdesk.db, person.id, 'program')],
];

describe.each(endings)('A04 a request whose %s after it had been read', (_what, end) => {
  afterEach(() => reinstateAccount(frontdesk.db, person.id, 'program'));

  test('gets no tokens for its code, which stays unused', async () => {
    const signed = await signedIn();
    const response = await betweenReadAndWrite(
      () => exchange(frontdesk, site, signed.unusedCode),
      () => end(signed),
    );
    expect([response.status, response.json()['error']]).toEqual([400, 'invalid_grant']);
    const rows = await runSql(frontdesk.db, 'select kind, consumed_at from artifacts where grant_id = $1', [
      signed.grantId,
    ]);
    expect(rows).toEqual([{ kind: 'AuthorizationCode', consumed_at: null }]);
  });

  test('gets no tokens for its refresh token', async () => {
    const signed = await signedIn();
    const tokens = (await exchange(frontdesk, site, signed.unusedCode)).json<Tokens>();
    const response = await betweenReadAndWrite(
      () => refresh(frontdesk, site, tokens.refresh_token!),
      () => end(signed),
    );
    expect([response.status, response.json()['error']]).toEqual([400, 'invalid_grant']);
    const successors = 'select from artifacts where grant_id = $1 and parent_hash is not null';
    expect(await runSql(frontdesk.db, successors, [signed.grantId])).toEqual([]);
  });
});

test.each(endings.filter(([what]) => what !== 'grant was revoked'))(
  'A04 an authorization request whose %s after it had been read is repeated, and asks for a sign-in',
  async (_what, end) => {
    const signed = await signedIn();
    const { url } = authorize(frontdesk, site);
    const codes = () => runSql(frontdesk.db, "select from artifacts where kind = 'AuthorizationCode'");
    const before = await codes();
    const response = await betweenReadAndWrite(
      () => signed.browser.send(url),
      () => end(signed),
    );
    expect([response.status, new URL(response.location!, url).href]).toEqual([303, url]);
    expect(await codes()).toHaveLength(before.length);
    expect((await signed.browser.visit(url)).root.querySelector('input[name=login]')).not.toBeNull();
    await reinstateAccount(frontdesk.db, person.id, 'program');
  },
);
