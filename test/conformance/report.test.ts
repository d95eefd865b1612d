/** Compares the results of a run with the expected ones. */
import { parseProfile, type Profile } from './profile.ts';
import { countOf, judge, summaryOf } from './report.ts';
import type { StoredRun } from './results.ts';
import { renderResults } from './results-page.ts';
import { findingsIn, labelOf, type ModuleResult } from './run-plan.ts';

const reviewed = 'A person must look at the second page.';
const skipped = 'The provider does not offer it, and need not.';
const profile = parseProfile(
  'hybrid',
  {
    about: 'A code and tokens.',
    certification: 'Hybrid OP',
    plan: 'oidcc-hybrid-certification-test-plan',
    variant: { client_registration: 'dynamic_client' },
    clients: 'dynamic',
    modules: 3,
  },
  {
    'oidcc-prompt-login': { result: 'review', reason: reviewed, steps: 'sign-in-again' },
    'oidcc-idtoken-unsigned': { result: 'skipped', reason: skipped },
  },
);

const result = (name: string, outcome: ModuleResult['result'], findings: string[] = []): ModuleResult => ({
  name,
  variant: { response_type: 'code id_token' },
  result: outcome,
  findings,
  seconds: 1,
});
const asExpected = [
  result('oidcc-server', 'passed'),
  result('oidcc-prompt-login', 'review'),
  result('oidcc-idtoken-unsigned', 'skipped', ['skipped: x: none is not supported']),
];

test('an expected result carries the reason that the profile gives', () => {
  const { modules, unexpected } = judge(profile, asExpected);
  expect(unexpected).toEqual([]);
  expect(modules.map(({ reason }) => reason)).toEqual([undefined, reviewed, skipped]);
  expect(countOf(modules)).toEqual({ passed: 1, warning: 0, review: 1, skipped: 1, failed: 0 });
});

test.each(['warning', 'review', 'skipped', 'failed'] as const)('%s instead of passed is unexpected', (outcome) => {
  const results = [result('oidcc-server', outcome, ['failure: CheckX: no x', 'it stopped']), ...asExpected.slice(1)];
  const { modules, unexpected } = judge(profile, results);
  const reason = 'failure: CheckX: no x; it stopped';
  expect(modules[0]!.reason).toBe(reason);
  expect(unexpected).toEqual([`oidcc-server (code id_token): ${outcome}, not passed: ${reason}`]);
});

test('a better result than the expected one is unexpected too', () => {
  const { unexpected } = judge(profile, [asExpected[0]!, result('oidcc-prompt-login', 'passed'), asExpected[2]!]);
  expect(unexpected).toHaveLength(1);
});

test('another number of modules is unexpected, unless only some were run', () => {
  const some = asExpected.slice(0, 2);
  expect(judge(profile, some).unexpected).toEqual([expect.stringContaining('the plan has 2 modules, not 3')]);
  expect(judge(profile, some, false).unexpected).toEqual([]);
});

test('findings are the conditions that failed, each once and in one line', () => {
  const log = [
    { src: 'CheckA', msg: 'fine', result: 'SUCCESS' },
    { src: 'CheckB', msg: 'no b\nand a page of advice', result: 'FAILURE' },
    { src: 'CheckB', msg: 'no b', result: 'FAILURE' },
    { src: 'CheckC', msg: 'odd', result: 'WARNING' },
    { src: 'WebRunner', msg: 'Completed', result: 'INFO' },
  ];
  expect(findingsIn(log)).toEqual(['failure: CheckB: no b', 'warning: CheckC: odd']);
});

test('the label of a module has its response type', () => {
  expect(labelOf({ name: 'oidcc-server', variant: { response_type: 'code' } })).toBe('oidcc-server');
  expect(labelOf(asExpected[0]!)).toBe('oidcc-server (code id_token)');
});

test('the summary has the counts, the reasons and the unexpected results', () => {
  const text = summaryOf([
    { profile, judgement: judge(profile, asExpected) },
    { profile: { ...profile, name: 'other' }, judgement: judge(profile, [result('oidcc-server', 'failed', ['x: y'])]) },
  ]);
  expect(text).toMatch(/^PROFILE +PASSED +WARNING +REVIEW +SKIPPED +FAILED +AS EXPECTED\nhybrid +1 +0 +1 +1 +0 +yes\n/);
  expect(text).toMatch(/\nother +0 +0 +0 +0 +1 +NO\n/);
  expect(text).toContain(reviewed);
  expect(text).toContain('Not as expected:\n  other: oidcc-server (code id_token): failed, not passed: x: y');
});

const run: StoredRun = {
  profile: 'hybrid',
  suite: '5.2.4',
  date: '2026-11-21T12:00:00.000Z',
  commit: '0123456789',
  issuer: 'https://localhost:9443',
  modules: asExpected,
};

test('RESULTS.md has the newest counts, all reasons, and what was not run', () => {
  const missing = { ...profile, name: 'implicit' };
  const notRun = [{ what: 'FAPI | CIBA', why: 'Not built.' }];
  const text = renderResults([profile, missing], new Map([['hybrid', run]]), notRun);
  expect(text).toContain('| hybrid | Hybrid OP | 1 | 0 | 1 | 1 | 0 | 5.2.4 | 2026-11-21 | 0123456789 |');
  expect(text).toContain(`| oidcc-prompt-login (code id_token) | review | ${reviewed} |`);
  expect(text).toContain('| implicit | No result is stored. |');
  expect(text).toContain('| FAPI \\| CIBA | Not built. |');
  expect(text).not.toContain('Not as expected');
  const worse = { ...run, modules: [result('oidcc-server', 'failed', ['a|b']), ...asExpected.slice(1)] };
  expect(renderResults([profile], new Map([['hybrid', worse]]), [])).toContain(
    'Not as expected:\n\n- oidcc-server (code id_token): failed, not passed: a|b',
  );
});

/** The text below a heading of RESULTS.md, up to the next one. */
const below = (page: string, heading: string): string =>
  page.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';

test('RESULTS.md lists runs without the conformance profile in a table of their own', () => {
  const withDefaults: Profile = { ...profile, name: 'default-hybrid', conformanceProfile: 'off' };
  const runs = new Map([
    ['hybrid', run],
    ['default-hybrid', { ...run, profile: 'default-hybrid' }],
  ]);
  const page = renderResults([withDefaults, profile], runs, []);
  expect(below(page, 'Default configuration')).toContain('| default-hybrid | Hybrid OP | 1 |');
  expect(below(page, 'Default configuration')).not.toContain('| hybrid |');
  expect(below(page, 'With `CONFORMANCE_PROFILE`')).toContain('| hybrid | Hybrid OP | 1 |');
  expect(below(page, 'With `CONFORMANCE_PROFILE`')).not.toContain('default-hybrid');
});

test('RESULTS.md keeps the results of a profile without a newer run', () => {
  const other = { ...profile, name: 'implicit' };
  const worse = { ...run, profile: 'implicit', modules: [result('oidcc-server', 'failed', ['a|b'])] };
  const before = renderResults(
    [profile, other],
    new Map([
      ['hybrid', run],
      ['implicit', worse],
    ]),
    [],
  );
  expect(renderResults([profile, other], new Map(), [], before)).toBe(before);

  const later = { ...run, date: '2026-11-22T12:00:00.000Z', commit: '9876543210' };
  const after = renderResults([profile, other], new Map([['hybrid', later]]), [], before);
  expect(below(after, 'With `CONFORMANCE_PROFILE`')).toContain('| 2026-11-22 | 9876543210 |');
  expect(after.match(/^\| hybrid \|/gm)).toHaveLength(1);
  expect(below(after, 'implicit')).toBe(below(before, 'implicit'));
  expect(renderResults([profile, other], new Map([['hybrid', run]]), [], after)).toBe(after);
});
