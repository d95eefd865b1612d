/** Requirement of README.md beside this file: F04. Tests that no check takes long, whatever text it gets. */
import { checks, hardTexts, runCheck } from '../bench/limits/checks.ts';

/**
 * The maximum processor time of a check, which hardly depends on the load of the machine. The requirement is 20 ms,
 * measured by the bench `limits`; a check with quadratic time takes seconds.
 */
const maxMilliseconds = 500;

/** Processor time of a check in milliseconds: the minimum of three runs, since garbage of other tests may be collected meanwhile. */
function millisecondsOf(check: (text: string) => unknown, text: string): number {
  const measurements = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    runCheck(check, text);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...measurements);
}

test.each(Object.entries(checks))('F04 no text of 50 KB is slow to check: %s', (_name, check) => {
  for (const text of hardTexts) {
    const isFast = millisecondsOf(check, text) < maxMilliseconds;
    expect([text.slice(0, 40), isFast]).toEqual([text.slice(0, 40), true]);
  }
});
