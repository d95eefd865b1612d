/** Profiles are valid. */
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
const shared = { 'oidcc-prompt-login': { result: 'review', reason, scene: 'sign-in-again' } };

test('a profile has a name, and expects what modules.json says unless it says otherwise', () => {
  const skipped = { result: 'skipped', reason: 'There is nothing of the kind here.' };
  const profile = parseProfile('basic', { ...file, instead: { 'oidcc-server': skipped } }, shared);
  expect(profile).toMatchObject({ name: 'basic', modules: 35, clients: 'static' });
  expect(expectationOf(profile, 'oidcc-prompt-login')).toEqual(shared['oidcc-prompt-login']);
  expect(expectationOf(profile, 'oidcc-server')).toEqual(skipped);
  expect(expectationOf(profile, 'oidcc-scope-all')).toEqual({ result: 'passed' });
  const instead = { 'oidcc-prompt-login': { result: 'passed' } };
  expect(expectationOf(parseProfile('basic', { ...file, instead }, shared), 'oidcc-prompt-login').result).toBe(
    'passed',
  );
});

test.each([
  [{ plan: 'basic' }, 'plan'],
  [{ clients: 'some' }, 'clients'],
  [{ modules: 0 }, 'modules'],
  [{ about: undefined }, 'about'],
  [{ more: 1 }, 'more'],
  [{ instead: { 'oidcc-server': { result: 'review' } } }, 'needs a reason'],
  [{ instead: { 'oidcc-server': { result: 'passed', reason } } }, 'needs a reason'],
  [{ instead: { 'oidcc-server': { result: 'review', reason: 'so' } } }, 'reason'],
  [{ instead: { 'oidcc-server': { result: 'good' } } }, 'result'],
  [{ instead: { 'oidcc-server': { scene: 'nowhere' } } }, 'scene'],
  [{ instead: { server: {} } }, 'server'],
  [{ conformanceProfile: 'maybe' }, 'conformanceProfile'],
  [{ conformanceProfile: 'off', clients: 'dynamic' }, 'only where conformanceProfile is on'],
])('%j is refused with what is wrong', (more, words) => {
  expect(() => parseProfile('basic', { ...file, ...more }, shared)).toThrow(words);
});

test('all profiles can be read, and every scene of theirs has rules', () => {
  const profiles = readProfiles();
  expect(profiles.map(({ name }) => name)).toContain('basic-static');
  const pages = createPages({ issuer: 'https://idp.example', login: 'ann', password: 'secret' });
  for (const profile of profiles) {
    const scenes = Object.values(profile.expectations).filter(({ scene }) => scene !== undefined);
    const overrides = Object.values(pages.override(profile));
    expect(overrides).toHaveLength(scenes.length);
    for (const { browser } of overrides) expect(browser.length).toBeGreaterThan(0);
  }
});

test('the name says whether the provider runs as it comes', () => {
  const all = readProfiles();
  const asItComes = all.filter(({ conformanceProfile }) => conformanceProfile === 'off');
  expect(asItComes.map(({ name }) => name)).toEqual(
    all.map(({ name }) => name).filter((name) => name.startsWith('default-')),
  );
  expect(asItComes.map(({ certification }) => certification)).toEqual([
    'Back-Channel OP',
    'Basic OP',
    'Config OP',
    'Front-Channel OP',
    'RP-Initiated OP',
  ]);
});

test('rules type the account in, and look for texts as they are on the pages', () => {
  const pages = createPages({ issuer: 'https://idp.example', login: 'ann', password: 'secret' });
  const commands = pages.rules.flatMap(({ tasks }) => tasks).flatMap((task) => task.commands ?? []);
  expect(commands).toContainEqual(['text', 'name', 'login', 'ann', 'optional']);
  expect(commands).toContainEqual(['text', 'name', 'password', 'secret', 'optional']);
  const asked = { 'oidcc-x': { result: 'review' as const, reason, scene: 'asked-to-sign-out' as const } };
  const override = JSON.stringify(pages.override(parseProfile('x', file, asked)));
  const heading = loadTexts()('sign_out.heading');
  expect(heading).toMatch(/\?$/);
  expect(override).toContain(JSON.stringify(heading.replace('?', '\\?')).slice(1, -1));
});
