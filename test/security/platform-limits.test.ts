/** Requirement of README.md beside this file: F04. What a check costs, whatever it is given. */
import { checks, hardTexts, runCheck } from '../bench/limits/checks.ts';

/**
 * Processor time in milliseconds, which the load of the machine hardly changes. The promise is 20 ms, measured by
 * the bench `limits`; a check of quadratic time takes seconds.
 */
const maxMilliseconds = 500;

test.each(Object.entries(checks))('F04 no text of 50 KB is slow to check: %s', (_name, check) => {
  for (const text of hardTexts) {
    const before = process.cpuUsage();
    runCheck(check, text);
    const { user, system } = process.cpuUsage(before);
    expect([text.slice(0, 40), (user + system) / 1000 < maxMilliseconds]).toEqual([text.slice(0, 40), true]);
  }
});
