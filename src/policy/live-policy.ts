/** The policy in memory, for code that cannot wait for the database. */
import type { Database } from '../platform/database.ts';
import { readPolicy } from './policy-repository.ts';
import type { Policy } from './policy.ts';

export interface LivePolicy {
  readonly current: Policy;
  /** Reads the policy from the database again. */
  reload(): Promise<void>;
}

export async function createLivePolicy(db: Database): Promise<LivePolicy> {
  let current = await readPolicy(db);
  return {
    get current() {
      return current;
    },
    async reload() {
      current = await readPolicy(db);
    },
  };
}
