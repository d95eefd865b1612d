/** Tests that no request fails while a newer release migrates the database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sendRequest } from '../support/browser.ts';
import { runSql } from '../support/database.ts';
import { authorize, callAs, newBrowser, refresh, signIn, tokensFor, type Tokens } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;
let tokens: Tokens;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: { RATE_LIMIT_FACTOR: '1000' } });
  await ann(frontdesk);
  site = await siteA(frontdesk);
  const consent = { scope: 'openid offline_access', prompt: 'consent' };
  tokens = await tokensFor(frontdesk, newBrowser(frontdesk), site, consent);
});

/** Sends requests until `signal` aborts. @returns the number of responses by kind of request and status */
async function sendRequestsUntil(signal: AbortSignal): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (kind: string, { status }: { status: number }) =>
    (counts[`${kind} ${status}`] = (counts[`${kind} ${status}`] ?? 0) + 1);
  const asPerson = async () => {
    while (!signal.aborted) {
      const browser = newBrowser(frontdesk);
      count('sign-in', await browser.visit(authorize(frontdesk, site).url).then((page) => signIn(page, 'ann')));
      count('account', await browser.visit(`${frontdesk.issuer}/account/devices`));
      count('single sign-on', await browser.send(authorize(frontdesk, site).url));
    }
  };
  const asProgram = async () => {
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    while (!signal.aborted) {
      count('refresh', await refresh(frontdesk, site, tokens.refresh_token!));
      count('introspection', await callAs(frontdesk, site, '/oauth/introspect', { token: tokens.access_token }));
      count('userinfo', await sendRequest(`${frontdesk.issuer}/oauth/userinfo`, { headers }));
    }
  };
  await Promise.all([asPerson(), asPerson(), asProgram(), asProgram()]);
  return counts;
}

test('no request fails while columns are added to tables that prepared statements read', async () => {
  const stop = new AbortController();
  const requests = sendRequestsUntil(stop.signal);
  const tables = ['accounts', 'apis', 'artifacts', 'clients', 'client_secrets', 'grants', 'logout_notices', 'sessions'];
  for (const table of tables) {
    await sleep(200);
    await runSql(frontdesk.db, `alter table ${table} add column later integer not null default 0`);
  }
  await sleep(500);
  stop.abort();
  const counts = await requests;
  const expected = {
    'sign-in': 303,
    account: 200,
    'single sign-on': 303,
    refresh: 200,
    introspection: 200,
    userinfo: 200,
  };
  expect(Object.keys(counts).toSorted()).toEqual(
    Object.entries(expected)
      .map((pair) => pair.join(' '))
      .toSorted(),
  );
  expect(frontdesk.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
