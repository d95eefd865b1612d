/** The policy in memory, for code that cannot wait for the database. */
import type { Database } from '../platform/database.ts';
import { findCachedPolicy } from './policy-repository.ts';
import type { Policy } from './policy.ts';

export interface LivePolicy {
  /** The policy as of the last `load`. */
  readonly current: Policy;
  /** Reads the policy if it has changed, or if notifications of changes may have been missed. */
  load(): Promise<void>;
}

export async function createLivePolicy(db: Database): Promise<LivePolicy> {
  let started = 0;
  let loaded = 0;
  let current = await findCachedPolicy(db);
  return {
    get current() {
      return current;
    },
    async load() {
      const turn = (started += 1);
      const policy = await findCachedPolicy(db);
      // A load that started earlier may have read an older policy.
      if (turn > loaded) [current, loaded] = [policy, turn];
    },
  };
}
