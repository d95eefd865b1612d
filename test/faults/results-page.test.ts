/** Tests the page of results. */
import type { Result } from './judge.ts';
import { mergeResults, renderResults, type Published } from './results-page.ts';

const result = (failures: string[]): Result => ({
  name: 'kill',
  what: 'a | b',
  requests: 1_234,
  acknowledged: 5,
  lost: [],
  codesUsedTwice: 0,
  branched: 0,
  halfDone: [],
  serverErrors: [],
  unexpected: [],
  unavailable: 6,
  brokenConnections: 7,
  slowest: 1_500,
  processRecovery: [900, 1_600],
  failures,
});
const published = (name: string, more: Partial<Published>): Published => ({
  name,
  date: '2026-11-25',
  commit: 'abc',
  machine: 'one machine',
  isQuick: false,
  ...more,
});

test('the page has a row for each scenario, what does not hold, and what was skipped', () => {
  const page = renderResults([
    published('kill', { result: result(['it took too long']), isQuick: true, commit: 'def' }),
    published('disk-full', { skipped: 'no mounts' }),
  ]);
  expect(page).toContain(
    '| kill | a \\| b | 1,234 | 5 | 0 | 0 | 0 | 0 | 0 | 6 | 7 | – | 1.6 s | – | 1.5 s | – | NO | quick | 2026-11-25 | def |',
  );
  expect(page).toContain('## What does not hold\n\n- kill: it took too long\n');
  expect(page).toContain('## What was skipped\n\n- disk-full: no mounts\n');
  expect(renderResults([published('kill', { result: result([]) })])).toContain('Everything holds.');
});

test('rows of a run take the place of those before, in the order of the scenarios', () => {
  const [old, other] = [published('kill', { commit: 'old' }), published('soak', { commit: 'old' })];
  const now = published('kill', { commit: 'new' });
  const unknown = published('gone', {});
  expect(mergeResults(['drain', 'kill', 'soak'], [other, old, unknown], [now])).toEqual([now, other]);
});
