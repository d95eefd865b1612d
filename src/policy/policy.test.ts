/** Durations and bounds of the policy. */
import { defaultPolicy, formatDuration, parseDuration, policyItems, requirePolicy } from './policy.ts';

test.each([
  ['1s', 1],
  ['15m', 900],
  ['12h', 43_200],
  ['30d', 2_592_000],
])('%s is %i seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
  expect(formatDuration(seconds)).toBe(text);
});

test.each(['', '1', 'd', '1w', '-1d', '1.5h', '1d2h', '99999999999s'])('%s is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('every default is within its own bounds', () => {
  for (const [name, seconds] of Object.entries(defaultPolicy)) expect(requirePolicy(name, seconds)).toBe(name);
});

test('what is out of bounds or unknown is refused', () => {
  expect(() => requirePolicy('session_idle', 1)).toThrow('policy_out_of_bounds');
  expect(() => requirePolicy('session_idle', policyItems.session_idle.max + 1)).toThrow('policy_out_of_bounds');
  expect(() => requirePolicy('session_idle', 100.5)).toThrow('policy_out_of_bounds');
  expect(() => requirePolicy('__proto__', 100)).toThrow('policy_unknown');
});
