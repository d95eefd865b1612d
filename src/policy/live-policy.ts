/** The policy in memory, for code that cannot wait for the database. */
import type { Database } from '../platform/database.ts';
import { findCachedPolicy } from './policy-repository.ts';
import type { Policy } from './policy.ts';

export interface LivePolicy {
  /** The policy as of the last `load`. */
  readonly current: Policy;
  /** Reads the policy, when it has changed or the database cannot tell whether it has. */
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
      // What began earlier may be older.
      if (turn > loaded) [current, loaded] = [policy, turn];
    },
  };
}
