/** Tests the durations and bounds of the policy. */
import {
  defaultPolicy,
  formatDuration,
  parseDuration,
  durationItems,
  formatPolicyValue,
  parsePolicy,
} from './policy.ts';

test.each([
  ['1s', 1],
  ['15m', 900],
  ['12h', 43_200],
  ['30d', 2_592_000],
])('%s is %i seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
  expect(formatDuration(seconds)).toBe(text);
});

test.each(['', '1', 'd', '1w', '-1d', '1.5h', '1d2h', '99999999999s'])('%j is refused as a duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('every default is within its bounds', () => {
  for (const [name, value] of Object.entries(defaultPolicy)) {
    expect(parsePolicy(name, formatPolicyValue(value))).toEqual({ name, value });
  }
});

test('values out of bounds and unknown items are refused', () => {
  expect(() => parsePolicy('session_idle', '1s')).toThrow('policy_out_of_bounds');
  expect(() => parsePolicy('session_idle', `${durationItems.session_idle.max + 1}s`)).toThrow('policy_out_of_bounds');
  expect(() => parsePolicy('session_idle', '100.5s')).toThrow('duration_invalid');
  expect(() => parsePolicy('__proto__', '100s')).toThrow('policy_unknown');
  expect(() => parsePolicy('pkce', 'nobody')).toThrow('policy_value_unknown');
});
