/** Requirement of README.md beside this file: F04. What a check costs, whatever it is given. */
import { checks, hardTexts, runCheck } from '../bench/limits/checks.ts';

/**
 * Processor time in milliseconds, which the load of the machine hardly changes. The promise is 20 ms, measured by
 * the bench `limits`; a check of quadratic time takes seconds.
 */
const maxMilliseconds = 500;

/** Milliseconds of a check, the least of three: the garbage of other tests may be collected meanwhile. */
function costOf(check: (text: string) => unknown, text: string): number {
  const costs = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    runCheck(check, text);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...costs);
}

test.each(Object.entries(checks))('F04 no text of 50 KB is slow to check: %s', (_name, check) => {
  for (const text of hardTexts) {
    const isCheap = costOf(check, text) < maxMilliseconds;
    expect([text.slice(0, 40), isCheap]).toEqual([text.slice(0, 40), true]);
  }
});
