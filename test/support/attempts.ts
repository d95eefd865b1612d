/** Makes sign-in attempts against the attempt limits directly, without HTTP, and counts their results. */
import { randomUUID } from 'node:crypto';
import { Refusal } from '../../src/errors.ts';
import type { Attempt, AttemptLimits, Candidate } from '../../src/sign-in/attempt-limits.ts';

export const annsAccount = { id: randomUUID(), email: 'Ann@example.com', username: 'ann' };

/** An attempt to sign in to Ann's account by her user name, on an unknown device. */
export const candidate = (more: Partial<Candidate> = {}): Candidate => ({
  ...{ name: 'ann', accountId: annsAccount.id, ip: '192.0.2.1', deviceId: undefined },
  ...more,
});

/** Makes `count` attempts. @param each returns in what the attempt with this index differs */
export const repeat = (count: number, each: (index: number) => Partial<Candidate> = () => ({})): Candidate[] =>
  Array.from({ length: count }, (_, index) => candidate(each(index)));

/** `ok`, `silent` (the password is not compared, without an error message), or the code of the refusal. */
async function outcomeOf(attempt: Promise<Attempt>): Promise<string> {
  try {
    return (await attempt).mayEvaluate ? 'ok' : 'silent';
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error);
  }
}

function tally(outcomes: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of outcomes) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}

/** Begins all attempts at once, at one process or alternately at several. @returns the number of each result */
export async function tryAtOnce(
  limits: AttemptLimits | AttemptLimits[],
  candidates: Candidate[],
): Promise<Record<string, number>> {
  const all = [limits].flat();
  return tally(await Promise.all(candidates.map((each, index) => outcomeOf(all[index % all.length]!.begin(each)))));
}

/** Begins one attempt after the other. @returns the number of each result */
export async function tryInTurn(limits: AttemptLimits, candidates: Candidate[]): Promise<Record<string, number>> {
  const outcomes = [];
  for (const each of candidates) outcomes.push(await outcomeOf(limits.begin(each)));
  return tally(outcomes);
}
