/** Waits until something has happened that tests do not control, such as a delivery. */
import { setTimeout as sleep } from 'node:timers/promises';

/** The longest time that anything may take on a busy machine. */
export const patienceMilliseconds = 120_000;

const pauseMilliseconds = 25;

/**
 * Calls `look` until `isSo` is true of its result.
 *
 * @returns the result
 * @throws Error with the last result, after two minutes
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

/** Calls `look` until its result is `expected`. @throws Error with the last result, after two minutes */
export async function becomes<T>(look: () => Promise<T>, expected: T): Promise<void> {
  await eventually(look, (seen) => seen === expected);
}
