/** Lists with very many entries: pages and commands list them page by page, each entry once. */
import { endAccountSessions } from '../../src/sessions/end-session.ts';
import { finishEndings } from '../../src/accounts/finish-endings.ts';
import type { Browser } from '../support/browser.ts';
import { statement } from '../support/database.ts';
import { authorize, codeFor, newBrowser } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { addSessions } from '../support/full-database.ts';
import { ann, siteA, type Person } from '../support/people-and-apps.ts';
import { runFrontdesk, type Outcome } from '../support/terminal.ts';

const sessionCount = 20_000;
let frontdesk: Frontdesk;
let annsAccount: Person;
let browser: Browser;
let environment: Record<string, string>;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  annsAccount = await ann(frontdesk);
  await run(`insert into clients (id, kind, metadata) select 'app-' || n, 'web', '{}' from generate_series(1, 130) n`);
  browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, await siteA(frontdesk)));
  await addSessions(frontdesk.database.url, annsAccount.id, sessionCount);
  environment = { ISSUER: frontdesk.issuer, DATABASE_URL: frontdesk.database.url, SECRET: frontdesk.secret };
});

const run = (text: string) => frontdesk.db.read(statement(text));
const command = (...args: string[]) => runFrontdesk(args, environment);

/** Follows the links to the next page, for `max` pages at most. @returns the entries of each page */
async function readPages(path: string, max: number): Promise<string[][]> {
  const parts: string[][] = [];
  let next: string | undefined = path;
  while (next !== undefined && parts.length < max) {
    const page = await browser.visit(`${frontdesk.issuer}${next}`);
    expect(page.body.length).toBeLessThan(200_000);
    parts.push(
      page.root
        .querySelectorAll('.rows > li')
        .map((row) => row.querySelector('form')?.getAttribute('action') ?? row.text),
    );
    next = page.root
      .querySelectorAll('a')
      .find(({ text }) => ['More devices', 'More apps', 'Older'].includes(text))
      ?.getAttribute('href');
  }
  return parts;
}

/** Repeats a list command with `--after`, `max` times at most. @returns the entries of each part */
async function listParts(max: number, ...args: string[]): Promise<object[][]> {
  const parts: object[][] = [];
  let after: string[] = [];
  while (parts.length < max) {
    const { out, error }: Outcome = await command(...args, '--json', ...after);
    parts.push(JSON.parse(out) as object[]);
    const [, next] = /^There may be more: (--after=\S+)$/m.exec(error) ?? [];
    if (next === undefined) break;
    after = [next];
  }
  return parts;
}

const areDifferent = (entries: unknown[]) =>
  new Set(entries.map((entry) => JSON.stringify(entry))).size === entries.length;

test('G09 the devices of a person with 20,000 sessions are listed 50 on a page, this device first', async () => {
  const parts = await readPages('/account/devices', 4);
  expect(parts.map(({ length }) => length)).toEqual([50, 50, 50, 50]);
  expect(areDifferent(parts.flat())).toBe(true);
  const page = await browser.visit(`${frontdesk.issuer}/account/devices`);
  expect(page.text).toMatch(/^[^]*?This device/);
  expect((await browser.visit(`${frontdesk.issuer}/account`)).text).toContain(
    'You are signed in on more than 100 devices.',
  );
});

test('G09 the sessions of an account are listed in parts', async () => {
  const parts = await listParts(3, 'sessions', 'list', 'ann', '--limit', '1000');
  expect(parts.map(({ length }) => length)).toEqual([1_000, 1_000, 1_000]);
  expect(areDifferent(parts.flat().map((session) => (session as { uid: string }).uid))).toBe(true);
});

test('G09 the apps of a person are listed 50 on a page, each with its name', async () => {
  await run(
    `insert into consents (account_id, client_id, scopes) select '${annsAccount.id}', 'app-' || n, '{openid}' from generate_series(1, 130) n`,
  );
  const parts = await readPages('/account/apps', 4);
  expect(parts.map(({ length }) => length)).toEqual([50, 50, 31]);
  expect(areDifferent(parts.flat())).toBe(true);
  expect((await browser.visit(`${frontdesk.issuer}/account`)).text).toContain(
    'More than 100 apps are connected to your account.',
  );
});

test('G09 clients, APIs, accounts and registration tokens are listed in parts', async () => {
  await run(
    `insert into apis (audience, name, scopes) select 'https://api-' || n || '.example/', 'API', '{}' from generate_series(1, 7) n`,
  );
  await run(
    `insert into accounts (id, email, email_canonical, created_at) select gen_random_uuid(), n::text, n::text, now() from generate_series(1, 6) n`,
  );
  await run(`insert into registration_tokens (id, token_hash, uses_left, expires_at)
    select gen_random_uuid(), n::text::bytea, 1, now() + interval '1 day' from generate_series(1, 7) n`);
  const lists = { clients: [50, 50, 31], apis: [3, 3, 1], accounts: [3, 3, 1], 'registration-tokens': [3, 3, 1] };
  for (const [noun, sizes] of Object.entries(lists)) {
    const parts = await listParts(9, noun, 'list', '--limit', String(sizes[0]));
    expect([noun, parts.map(({ length }) => length), areDifferent(parts.flat())]).toEqual([noun, sizes, true]);
  }
});

test('G09 activity and notices are listed page by page, also when they have the same time', async () => {
  await endAccountSessions(frontdesk.db, annsAccount.id, 'ended_by_administrator');
  await finishEndings(frontdesk.db, annsAccount.id);
  const [session] = await run('select * from live_sessions');
  expect(session).toBeUndefined();
  browser = newBrowser(frontdesk);
  await browser
    .visit(`${frontdesk.issuer}/account`)
    .then((page) => page.submit({ login: 'ann', password: 'correct horse battery staple' }));
  const parts = await readPages('/account/activity', 4);
  expect(parts.map(({ length }) => length)).toEqual([50, 50, 50, 50]);
  const notices = await listParts(3, 'notices', 'list', '--limit', '700');
  expect(notices.map(({ length }) => length)).toEqual([700, 700, 700]);
  expect(areDifferent(notices.flat().map((notice) => (notice as { id: string }).id))).toBe(true);
});
