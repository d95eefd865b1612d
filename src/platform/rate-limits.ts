/** Counts tries within a time, in PostgreSQL for all processes together, or in this process alone. */
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  type RateLimiterAbstract,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Database } from './database.ts';

export interface RateLimit {
  /** Counts one try before it is made. Returns the seconds to wait when there have been too many, else 0. */
  take(key: string): Promise<number>;
  /** Takes one try back. */
  refund(key: string): Promise<void>;
  /** Forgets all that was counted. */
  forget(key: string): Promise<void>;
}

export interface RateLimitOptions {
  name: string;
  tries: number;
  perSeconds: number;
}

function rateLimit(limiter: RateLimiterAbstract): RateLimit {
  return {
    async take(key) {
      try {
        await limiter.consume(key);
        return 0;
      } catch (outcome) {
        if (outcome instanceof RateLimiterRes) return Math.max(1, Math.ceil(outcome.msBeforeNext / 1000));
        throw outcome;
      }
    },
    refund: async (key) => void (await limiter.reward(key)),
    forget: async (key) => void (await limiter.delete(key)),
  };
}

/** For what is counted on every request: each process counts for itself. */
export const processRateLimit = ({ name, tries, perSeconds }: RateLimitOptions): RateLimit =>
  rateLimit(new RateLimiterMemory({ keyPrefix: name, points: tries, duration: perSeconds }));

/** For what must hold over all processes. Counts on a connection of its own, so nothing undoes it. */
export function sharedRateLimit(db: Database, { name, tries, perSeconds }: RateLimitOptions): RateLimit {
  const insuranceLimiter = new RateLimiterMemory({ keyPrefix: name, points: tries, duration: perSeconds });
  return rateLimit(
    new RateLimiterPostgres({
      storeClient: db.pool,
      storeType: 'pool',
      keyPrefix: name,
      points: tries,
      duration: perSeconds,
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      insuranceLimiter,
    }),
  );
}
