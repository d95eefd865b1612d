/** Tests `frontdesk keys …`, `frontdesk policy …`, and the options of `clients register` for logout and refresh. */
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { runFrontdesk } from '../../test/support/terminal.ts';
import { defaultPolicy, policyItems } from '../policy/policy.ts';
import { randomToken } from '../platform/secrets.ts';

let database: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  database = await freshDatabase();
  environment = { ISSUER: 'https://login.example.com', DATABASE_URL: database.url, SECRET: randomToken() };
});
afterAll(() => database.drop());

const run = (...args: string[]) => runFrontdesk(args, environment);

interface ListedKey {
  kid: string;
  algorithm: string;
  phase: string;
  signsFrom: string;
  retiresAt?: string;
}

describe('keys', () => {
  const keys = async () => JSON.parse((await run('keys', 'list', '--json')).out) as ListedKey[];
  const phases = async () => (await keys()).map(({ algorithm, phase }) => `${algorithm} ${phase}`).toSorted();

  test('are announced by rotate, and sign immediately with --now', async () => {
    expect((await run('keys', 'list')).out).toMatch(/^There is no signing key yet/);
    expect((await run('keys', 'rotate', '--now')).out).toMatch(
      /^New keys sign from now on. Apps that cache the old ones may refuse/,
    );
    expect(await phases()).toEqual(['ES256 signing', 'RS256 signing']);

    expect((await run('keys', 'rotate')).out).toBe('New keys are published, and sign in 1d.\n');
    expect(await phases()).toEqual(['ES256 announced', 'ES256 signing', 'RS256 announced', 'RS256 signing']);
    const [next] = await keys();
    // The previous key signs exactly until the next one signs.
    for (const key of await keys()) {
      if (key.phase === 'signing') expect(key.retiresAt?.slice(0, 19)).toBe(next!.signsFrom.slice(0, 19));
    }
    const first = (await keys()).filter(({ phase }) => phase === 'signing').map(({ kid }) => kid);
    expect((await run('keys', 'rotate', '--now')).out).toMatch(
      /^New keys sign from now on. Apps that cache the old ones may refuse/,
    );
    const after = await keys();
    for (const kid of first) expect(after.find((key) => key.kid === kid)).toMatchObject({ phase: 'retired' });
  });

  test('are listed as a table, without their private keys', async () => {
    const { out } = await run('keys', 'list');
    expect(out).toMatch(/^KEY +ALGORITHM +PHASE +SIGNS FROM +SIGNS UNTIL\n[\w-]{43} +(RS|ES)256 +\w+ +20/);
    for (const text of [out, (await run('keys', 'list', '--json')).out]) expect(text).not.toMatch(/"d"|private/i);
  });

  test('an unknown option is refused', async () => {
    const before = await keys();
    expect(await run('keys', 'rotate', '--immediately')).toMatchObject({
      code: 2,
      error: expect.stringMatching(/There is no option --immediately[^]*Usage: frontdesk keys rotate/),
    });
    expect(await keys()).toEqual(before);
  });
});

describe('the policy', () => {
  test('is listed with its defaults and a description of each item', async () => {
    const { out } = await run('policy', 'list');
    expect(out).toMatch(/^POLICY +VALUE +DEFAULT +WHAT IT IS FOR\nsession_idle +14d +14d +A session ends/);
    for (const name of Object.keys(policyItems)) expect(out).toMatch(new RegExp(`^${name} `, 'm'));
    expect(JSON.parse((await run('policy', 'list', '--json')).out)).toEqual(defaultPolicy);
  });

  test('is changed item by item', async () => {
    expect((await run('policy', 'set', 'session_idle', '90m')).out).toBe('session_idle is 90m from now on.\n');
    expect((await run('policy', 'list')).out).toMatch(/^session_idle +90m +14d /m);
    expect((await run('policy', 'set', 'session_idle', '14d')).code).toBe(0);
    expect(JSON.parse((await run('policy', 'list', '--json')).out)).toEqual(defaultPolicy);
  });

  test.each([
    [['session_idle', '30s'], 1, 'session_idle must be between 1m and 400d.'],
    [['session_idle', '500d'], 1, 'session_idle must be between 1m and 400d.'],
    [['session_idel', '1d'], 1, 'There is no policy session_idel. See: frontdesk policy list'],
    [['constructor', '1d'], 1, 'There is no policy constructor.'],
    [['session_idle', '1 day'], 1, '1 day is not a duration. It looks like 90s, 15m, 12h or 30d.'],
    [['pkce', 'nobody'], 1, 'pkce must be one of: public, all.'],
    [['session_idle', '-1d'], 2, 'Usage: frontdesk policy set NAME VALUE'],
    [['session_idle'], 2, 'VALUE is missing'],
    [[], 2, 'NAME is missing'],
    [['session_idle', '1d', '2d'], 2, 'There is one argument too many: 2d'],
  ])('%j is refused', async (args, code, words) => {
    const refused = await run('policy', 'set', ...args);
    expect(refused).toMatchObject({ code, out: '', error: expect.stringContaining(words) });
    expect(JSON.parse((await run('policy', 'list', '--json')).out)).toEqual(defaultPolicy);
  });
});

describe('clients register', () => {
  const register = (...args: string[]) =>
    run('clients', 'register', '--kind', 'web', '--name', 'Wiki', '--redirect-uri', 'https://wiki.example/cb', ...args);
  const shown = async (id: string) => JSON.parse((await run('clients', 'show', id, '--json')).out) as object;

  test('takes logout URIs and refresh lifetimes', async () => {
    const logout = ['--back-channel-logout-uri', 'https://wiki.example/logout'];
    const refresh = ['--refresh-idle', '12h', '--refresh-absolute', '30d'];
    expect((await register('--id', 'called', ...logout, ...refresh)).code).toBe(0);
    expect(await shown('called')).toMatchObject({
      backchannel_logout_uri: 'https://wiki.example/logout',
      backchannel_logout_session_required: true,
      refresh_idle_seconds: 12 * 60 * 60,
      refresh_absolute_seconds: 30 * 24 * 60 * 60,
    });
    expect((await register('--id', 'framed', '--front-channel-logout-uri', 'https://wiki.example/out')).code).toBe(0);
    expect(await shown('framed')).toMatchObject({
      frontchannel_logout_uri: 'https://wiki.example/out',
      frontchannel_logout_session_required: true,
    });
    expect(await shown('framed')).not.toHaveProperty('backchannel_logout_uri');
  });

  test.each([
    [
      ['--kind', 'single-page', '--back-channel-logout-uri', 'http://wiki.example/logout'],
      1,
      'backchannel_logout_uri must be https',
    ],
    [['--back-channel-logout-uri', 'https://wiki.example/logout#x'], 1, 'has a fragment'],
    [['--back-channel-logout-uri', 'https://ann@wiki.example/logout'], 1, 'has a user name'],
    [['--back-channel-logout-uri', 'logout'], 1, 'is not an absolute URI'],
    [['--front-channel-logout-uri', 'http://wiki.example/out'], 1, 'frontchannel_logout_uri must be https'],
    [['--front-channel-logout-uri', 'https://other.example/out'], 1, 'must have the origin of a redirect URI'],
    [['--refresh-idle', '10s'], 1, 'refresh_idle must be between'],
    [['--refresh-absolute', '4000d'], 1, 'refresh_absolute must be between'],
    [['--refresh-idle', 'long'], 2, '--refresh-idle must be a time like 90s, 15m, 12h or 30d'],
    [['--refresh-absolute', '1w'], 2, '--refresh-absolute must be a time like 90s'],
  ])('%j is refused, and nothing is registered', async (args, code, words) => {
    expect(await register('--id', 'refused', ...args)).toMatchObject({
      code,
      out: '',
      error: expect.stringContaining(words),
    });
    expect((await run('clients', 'show', 'refused')).code).toBe(1);
  });
});
