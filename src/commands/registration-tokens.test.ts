/** Tests `frontdesk registration-tokens …`, `clients register --metadata` and claims of accounts, on a real database. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { runFrontdesk, runProgram } from '../../test/support/terminal.ts';
import { randomToken } from '../platform/secrets.ts';

let database: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  database = await freshDatabase();
  environment = { ISSUER: 'https://login.example.com', DATABASE_URL: database.url, SECRET: randomToken() };
});
afterAll(() => database.drop());

const run = (...args: string[]) => runFrontdesk(args, environment);
const folder = temporaryFolder();
function file(content: unknown): string {
  const path = join(folder, `${randomToken()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('registration tokens', () => {
  test('are created, listed without their value, and removed', async () => {
    const result = await run('registration-tokens', 'create', '--uses', '5', '--expires', '12h');
    const [token] = /fd_registration_[\w-]{43}/.exec(result.out)!;
    expect(result.out).toContain('5 apps can register with it');
    const listed = await run('registration-tokens', 'list');
    expect(listed.out).toMatch(/^ID +USES LEFT +CREATED +EXPIRES\n[\w-]{36} +5 +2/);
    expect(listed.out).not.toContain(token);
    const [{ id, expiresAt, createdAt }] = JSON.parse((await run('registration-tokens', 'list', '--json')).out) as [
      Record<string, string>,
    ];
    const hours = (Date.parse(expiresAt!) - Date.parse(createdAt!)) / 3_600_000;
    expect(Math.round(hours)).toBe(12);
    expect((await run('registration-tokens', 'remove', id!)).out).toContain('is removed');
    expect((await run('registration-tokens', 'list')).out).toBe('There is no token that can be used.\n');
    for (const gone of [id!, 'nonsense']) {
      expect((await run('registration-tokens', 'remove', gone)).error).toContain('There is no registration token');
    }
  });

  test('are valid for one app and one day by default', async () => {
    const result = JSON.parse((await run('registration-tokens', 'create', '--json')).out) as Record<string, string>;
    expect([result['uses'], Object.keys(result)]).toEqual([1, ['id', 'token', 'uses', 'expires_at']]);
    expect(Math.round((Date.parse(result['expires_at']!) - Date.now()) / 3_600_000)).toBe(24);
  });

  test.each([
    [['--uses', '0'], 1, 'uses must be a whole number from 1 to 10000'],
    [['--uses', '10001'], 1, 'uses must be a whole number from 1 to 10000'],
    [['--uses', 'many'], 2, '--uses must be a whole number'],
    [['--expires', '91d'], 1, 'expires is longer than 90d'],
    [['--expires', 'soon'], 2, '--expires must be a time like'],
  ])('%j is refused', async (args, code, reason) => {
    expect(await run('registration-tokens', 'create', ...args)).toMatchObject({
      code,
      error: expect.stringContaining(reason),
    });
  });
});

describe('clients register --metadata', () => {
  const register = (...args: string[]) =>
    run('clients', 'register', '--kind', 'web', '--name', 'Wiki', '--redirect-uri', 'https://wiki.example/cb', ...args);

  test('accepts metadata of RFC 7591', async () => {
    const metadata = { subject_type: 'pairwise', logo_uri: 'https://wiki.example/logo.png' };
    const scope = 'openid profile address phone';
    await register('--id', 'wiki', '--metadata', file(metadata), '--scope', scope, '--conformance');
    const shown = JSON.parse((await run('clients', 'show', 'wiki', '--json')).out) as object;
    expect(shown).toMatchObject({ ...metadata, scope, conformance_client: true, self_registered: false });
  });

  test.each([
    ['[]', 2, 'must hold one JSON object'],
    ['{', 2, 'is not JSON: look at line 1, column 2'],
    [{ subject_type: 'other' }, 1, 'subject_type must be one of: '],
    [{ response_types: ['id_token'] }, 1, 'response_types must be one of: code'],
    [{ scope: 'openid no-such-scope' }, 1, 'scope must have only scopes that this server supports'],
    [{ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, 1, 'jwks must be a JSON Web Key Set of public keys'],
  ])('%j is refused with a reason', async (metadata, code, reason) => {
    expect(await register('--metadata', file(metadata))).toMatchObject({
      code,
      error: expect.stringContaining(reason),
      out: '',
    });
  });
});

describe('claims', () => {
  test('are set when an account is created, and replaced later', async () => {
    const args = ['accounts', 'create', '--email', 'ann@example.com', '--claims', file({ given_name: 'Ann' })];
    expect((await runProgram(args, environment, 'walk in at the front desk\n')).code).toBe(0);
    const attributes = async () =>
      (JSON.parse((await run('accounts', 'list', '--json')).out) as { attributes: object }[])[0]!.attributes;
    expect(await attributes()).toEqual({ given_name: 'Ann' });
    const changed = await run('accounts', 'set-claims', 'ann@example.com', file({ address: { locality: 'Berlin' } }));
    expect(changed.out).toBe('The claims of ann@example.com are set.\n');
    expect(await attributes()).toEqual({ address: { locality: 'Berlin' } });
    const refused = await run('accounts', 'set-claims', 'ann@example.com', file({ sub: 'x' }));
    expect(refused).toMatchObject({
      code: 1,
      error: expect.stringContaining('The claims are invalid: sub is not a name that is known here.'),
    });
    const nobody = await run('accounts', 'set-claims', 'ben@example.com', file({}));
    expect(nobody.error).toContain('No account has that address');
  });
});
