/** Tests `frontdesk clients secrets` on a real database. */
import { freshDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { runFrontdesk } from '../../../test/support/terminal.ts';
import { randomToken } from '../../platform/secrets.ts';

const issuer = 'https://login.example.com';
/** Every command that changes something prints the issuer. */
const at = `at ${issuer}\n`;
let database: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  database = await freshDatabase();
  environment = { ISSUER: issuer, DATABASE_URL: database.url, SECRET: randomToken() };
  await run(...web, 'first');
});
afterAll(() => database.drop());

const run = (...args: string[]) => runFrontdesk(['clients', ...args], environment);
const registration = ['register', '--name', 'Wiki', '--kind'];
const web = [...registration, 'web', '--redirect-uri', 'https://wiki.example.com/callback', '--id'];

describe('clients secrets', () => {
  const list = async (id: string) =>
    JSON.parse((await run('secrets', 'list', id, '--json')).out) as { id: string; expires_at: string | null }[];

  test('are added, listed and removed, at most two at a time', async () => {
    await run(...web, 'rolling');
    const [first] = await list('rolling');
    const added = await run('secrets', 'add', 'rolling', '--expires', '30d');
    expect(added).toMatchObject({ code: 0, error: at });
    expect(added.out).toMatch(
      /^id {13}[0-9a-f]{8}\nclient_secret {2}fd_client_[\w-]{43}\nexpires {8}20\S+Z\n\nThe secret is not shown again\.\n$/,
    );
    expect((await run('secrets', 'list', 'rolling')).out).toMatch(
      /^ID +CREATED +EXPIRES +LAST USED\n[0-9a-f]{8} +20\S+Z +never +never\n[0-9a-f]{8} +20\S+Z +20\S+Z +never\n$/,
    );
    expect(await run('secrets', 'add', 'rolling')).toMatchObject({
      code: 1,
      out: '',
      error: 'The client rolling has 2 secrets already. Remove one first: frontdesk clients secrets list rolling\n',
    });
    expect(await run('secrets', 'remove', 'rolling', first!.id)).toEqual({
      code: 0,
      out: `Secret ${first!.id} of rolling is removed.\n`,
      error: at,
    });
    const [left] = await list('rolling');
    expect((await run('secrets', 'remove', 'rolling', left!.id)).error).toBe(
      `The app has no secret left and cannot authenticate: frontdesk clients secrets add rolling\n${at}`,
    );
    expect((await run('secrets', 'list', 'rolling')).out).toBe('The app rolling has no secret.\n');
    const again = JSON.parse((await run('secrets', 'add', 'rolling', '--json')).out) as Record<string, string>;
    expect(again).toEqual({ id: expect.any(String), client_secret: expect.stringMatching(/^fd_client_/) });
  });

  test.each([
    [['add', 'nobody'], 1, 'No client has the id nobody'],
    [['list', 'nobody'], 1, 'No client has the id nobody'],
    [['remove', 'nobody', 'x'], 1, 'No client has the id nobody'],
    [['remove', 'first', 'x'], 1, 'The client first has no secret x. See: frontdesk clients secrets list first'],
    [['add', 'first', '--expires', 'soon'], 2, '--expires must be a time like'],
    [['add', 'first', '--expires', '0d'], 1, 'expires must be a number above 0.'],
    [['add', 'first', '--expires', '4000d'], 1, 'expires is longer than 3650d.'],
  ])('%j is refused', async (args, code, words) => {
    expect(await run('secrets', ...args)).toMatchObject({ code, out: '', error: expect.stringContaining(words) });
  });

  test('a public client gets no secret', async () => {
    await run(...registration, 'native', '--id', 'pure', '--redirect-uri', 'http://localhost');
    expect((await run('secrets', 'add', 'pure')).error).toBe(
      'The client pure does not authenticate with a client secret (token_endpoint_auth_method is none).\n',
    );
  });
});
