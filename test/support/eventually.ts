/** Waiting for what others do in their own time. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Many times what it takes: only a test that fails anyway waits for so long. */
export const patienceMilliseconds = 120_000;

const pauseMilliseconds = 25;

/**
 * Looks again and again until it is so.
 *
 * @returns what was seen last
 * @throws Error with what was seen last, after two minutes
 */
export async function eventually<T>(look: () => T | Promise<T>, isSo: (seen: T) => boolean = Boolean): Promise<T> {
  const deadline = Date.now() + patienceMilliseconds;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`it never came to be so: ${JSON.stringify(seen)}`);
    await sleep(pauseMilliseconds);
  }
}

/** Looks again and again until it is as expected. @throws Error with what was seen last, after two minutes */
export async function becomes<T>(look: () => Promise<T>, expected: T): Promise<void> {
  await eventually(look, (seen) => seen === expected);
}
