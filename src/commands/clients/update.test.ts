/** Tests `frontdesk clients update` and `show` on a real database. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../../test/support/cleanup.ts';
import { freshDatabase, runSql, type TestDatabase } from '../../../test/support/database.ts';
import { runFrontdesk } from '../../../test/support/terminal.ts';
import { openDatabase } from '../../platform/database.ts';
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
const show = async (id: string) => JSON.parse((await run('show', id, '--json')).out) as Record<string, unknown>;
const folder = temporaryFolder();
function file(content: object): string {
  const path = join(folder, `${randomToken()}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe('clients update', () => {
  test('changes the given fields', async () => {
    await run(...web, 'changed', '--first-party');
    const updated = await run(
      'update',
      'changed',
      '--name',
      'Wiki of the company',
      '--require-pkce',
      '--id-token-claims',
      'off',
    );
    expect(updated).toMatchObject({ code: 0, error: at });
    expect(updated.out).not.toContain('client_secret');
    const changed = {
      client_name: 'Wiki of the company',
      require_pkce: true,
      id_token_claims: false,
      first_party: true,
    };
    expect(await show('changed')).toMatchObject(changed);
    await run('update', 'changed', '--clear', 'first-party', '--clear', 'require-pkce', '--clear', 'id-token-claims');
    const cleared = await show('changed');
    expect(cleared).toMatchObject({ first_party: false, id_token_claims: true });
    expect(cleared).not.toHaveProperty('require_pkce');
  });

  test('accepts every option of the registration', async () => {
    await run(...registration, 'single-page', '--id', 'every', '--redirect-uri', 'https://spa.example.com/cb');
    const options = [
      ['--kind', 'web'],
      ['--name', 'Every'],
      ['--redirect-uri', 'https://every.example.com/cb'],
      ['--post-logout-redirect-uri', 'https://every.example.com/'],
      ['--app-scheme'],
      ['--uri', 'https://every.example.com/'],
      ['--back-channel-logout-uri', 'https://every.example.com/logout'],
      ['--front-channel-logout-uri', 'https://every.example.com/out'],
      ['--refresh-idle', '12h'],
      ['--refresh-absolute', '30d'],
      ['--scope', 'openid email'],
      ['--require-pkce'],
      ['--id-token-claims', 'on'],
      ['--metadata', file({ subject_type: 'pairwise' })],
      ['--conformance'],
      ['--first-party'],
    ];
    const { code, out } = await run('update', 'every', ...options.flat());
    expect([code, /^client_secret {2}fd_client_/m.test(out)]).toEqual([0, true]);
    expect(await show('every')).toMatchObject({
      kind: 'web',
      client_name: 'Every',
      redirect_uris: ['https://every.example.com/cb'],
      post_logout_redirect_uris: ['https://every.example.com/'],
      application_type: 'native',
      client_uri: 'https://every.example.com/',
      backchannel_logout_uri: 'https://every.example.com/logout',
      frontchannel_logout_uri: 'https://every.example.com/out',
      refresh_idle_seconds: 43_200,
      refresh_absolute_seconds: 2_592_000,
      scope: 'openid email',
      require_pkce: true,
      id_token_claims: true,
      subject_type: 'pairwise',
      conformance_client: true,
      first_party: true,
    });
  });

  test.each([
    [['first'], 2, 'There is nothing to change'],
    [['first', '--clear', 'redirect-uri'], 2, '--clear takes one of: post-logout-redirect-uri, app-scheme, uri'],
    [['first', '--uri', 'https://x.example/', '--clear', 'uri'], 2, '--uri and --clear uri exclude each other.'],
    [['first', '--id-token-claims', 'maybe'], 2, '--id-token-claims must be on or off.'],
    [['first', '--kind', 'desktop'], 2, '--kind must be one of'],
    [['first', '--id', 'second'], 2, 'There is no option --id.'],
    [['nobody', '--name', 'x'], 1, 'No client has the id nobody'],
    [['frontdesk', '--name', 'x'], 1, 'No client has the id frontdesk'],
  ])('%j is refused', async (args, code, words) => {
    expect(await run('update', ...args)).toMatchObject({ code, out: '', error: expect.stringContaining(words) });
  });
});

test('clients show says whether the client sends PKCE, and whether ID tokens carry claims', async () => {
  await run(...web, 'shown');
  const lines = async () => (await run('show', 'shown')).out.match(/^(sends_pkce|id_token_claims) .*$/gm);
  expect(await lines()).toEqual(['sends_pkce                  not signed in yet', 'id_token_claims             yes']);
  const db = openDatabase({ url: database.url });
  const setSendsPkce = (value: boolean) => runSql(db, `update clients set sends_pkce = ${value} where id = 'shown'`);
  await setSendsPkce(true);
  expect((await lines())![0]).toMatch(/yes$/);
  await setSendsPkce(false);
  expect((await lines())![0]).toMatch(/no$/);
  await db.close();
});
