/** Profiles are valid, and their expectations have reasons and rules. */
import { loadTexts } from '../../src/platform/texts.ts';
import { createPages } from './pages.ts';
import { expectationOf, parseProfile, readProfiles } from './profile.ts';

const file = {
  about: 'Code flow.',
  certification: 'Basic OP',
  plan: 'oidcc-basic-certification-test-plan',
  variant: { client_registration: 'static_client' },
  clients: 'static',
  modules: 35,
};
const reason = 'The suite stores a page for a person to look at.';
const shared = { 'oidcc-prompt-login': { result: 'review', reason, steps: 'sign-in-again' } };

test('a profile expects the results in modules.json, unless it overrides them', () => {
  const skipped = { result: 'skipped', reason: 'There is nothing of the kind here.' };
  const profile = parseProfile('basic', { ...file, overrides: { 'oidcc-server': skipped } }, shared);
  expect(profile).toMatchObject({ name: 'basic', modules: 35, clients: 'static' });
  expect(expectationOf(profile, 'oidcc-prompt-login')).toEqual(shared['oidcc-prompt-login']);
  expect(expectationOf(profile, 'oidcc-server')).toEqual(skipped);
  expect(expectationOf(profile, 'oidcc-scope-all')).toEqual({ result: 'passed' });
  const overrides = { 'oidcc-prompt-login': { result: 'passed' } };
  expect(expectationOf(parseProfile('basic', { ...file, overrides }, shared), 'oidcc-prompt-login').result).toBe(
    'passed',
  );
});

test.each([
  [{ plan: 'basic' }, 'plan'],
  [{ clients: 'some' }, 'clients'],
  [{ modules: 0 }, 'modules'],
  [{ about: undefined }, 'about'],
  [{ more: 1 }, 'more'],
  [{ overrides: { 'oidcc-server': { result: 'review' } } }, 'needs a reason'],
  [{ overrides: { 'oidcc-server': { result: 'passed', reason } } }, 'needs a reason'],
  [{ overrides: { 'oidcc-server': { result: 'review', reason: 'so' } } }, 'reason'],
  [{ overrides: { 'oidcc-server': { result: 'good' } } }, 'result'],
  [{ overrides: { 'oidcc-server': { steps: 'nowhere' } } }, 'steps'],
  [{ overrides: { server: {} } }, 'server'],
  [{ conformanceProfile: 'maybe' }, 'conformanceProfile'],
  [{ conformanceProfile: 'off', clients: 'dynamic' }, 'only where conformanceProfile is on'],
])('%j is refused with what is wrong', (more, words) => {
  expect(() => parseProfile('basic', { ...file, ...more }, shared)).toThrow(words);
});

test('all profiles can be read, and the steps of each expectation have rules', () => {
  const profiles = readProfiles();
  expect(profiles.map(({ name }) => name)).toContain('basic-static');
  const pages = createPages({ issuer: 'https://idp.example', login: 'ann', password: 'secret' });
  for (const profile of profiles) {
    const browserSteps = Object.values(profile.expectations).filter(({ steps }) => steps !== undefined);
    const overrides = Object.values(pages.override(profile));
    expect(overrides).toHaveLength(browserSteps.length);
    for (const { browser } of overrides) expect(browser.length).toBeGreaterThan(0);
  }
});

test('the name of a profile without CONFORMANCE_PROFILE begins with default-', () => {
  const all = readProfiles();
  const withDefaults = all.filter(({ conformanceProfile }) => conformanceProfile === 'off');
  expect(withDefaults.map(({ name }) => name)).toEqual(
    all.map(({ name }) => name).filter((name) => name.startsWith('default-')),
  );
  expect(withDefaults.map(({ certification }) => certification)).toEqual([
    'Back-Channel OP',
    'Basic OP',
    'Config OP',
    'Front-Channel OP',
    'RP-Initiated OP',
  ]);
});

test('rules fill in the account, and search for the texts of the pages', () => {
  const pages = createPages({ issuer: 'https://idp.example', login: 'ann', password: 'secret' });
  const commands = pages.rules.flatMap(({ tasks }) => tasks).flatMap((task) => task.commands ?? []);
  expect(commands).toContainEqual(['text', 'name', 'login', 'ann', 'optional']);
  expect(commands).toContainEqual(['text', 'name', 'password', 'secret', 'optional']);
  const asked = { 'oidcc-x': { result: 'review' as const, reason, steps: 'sign-out-confirmation' as const } };
  const override = JSON.stringify(pages.override(parseProfile('x', file, asked)));
  const heading = loadTexts()('sign_out.heading');
  expect(heading).toMatch(/\?$/);
  expect(override).toContain(JSON.stringify(heading.replace('?', '\\?')).slice(1, -1));
});
