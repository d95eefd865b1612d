/** Rate limits by key and time window, counted in this process, or in PostgreSQL for all processes together. */
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  type RateLimiterAbstract,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Database } from './database.ts';

export interface RateLimit {
  /**
   * Counts one use of the key.
   *
   * @returns 0, or the seconds to wait when the maximum was reached before
   */
  take(key: string): Promise<number>;
  /** @returns 0, or the seconds to wait when the maximum is reached; nothing is counted */
  secondsToWait(key: string): Promise<number>;
  /** Takes one use off the count. */
  refund(key: string): Promise<void>;
  /** Sets the count to zero. */
  reset(key: string): Promise<void>;
}

export interface RateLimitOptions {
  name: string;
  max: number;
  perSeconds: number;
}

const seconds = ({ msBeforeNext }: RateLimiterRes): number => Math.max(1, Math.ceil(msBeforeNext / 1000));

function rateLimit(limiter: RateLimiterAbstract): RateLimit {
  return {
    async take(key) {
      try {
        await limiter.consume(key);
        return 0;
      } catch (outcome) {
        if (outcome instanceof RateLimiterRes) return seconds(outcome);
        throw outcome;
      }
    },
    async secondsToWait(key) {
      const count = await limiter.get(key);
      return count && count.remainingPoints <= 0 ? seconds(count) : 0;
    },
    refund: async (key) => void (await limiter.reward(key)),
    reset: async (key) => void (await limiter.delete(key)),
  };
}

/** A limit that each process counts for itself: for what is counted on every request. */
export const processRateLimit = ({ name, max, perSeconds }: RateLimitOptions): RateLimit =>
  rateLimit(new RateLimiterMemory({ keyPrefix: name, points: max, duration: perSeconds }));

/**
 * A limit for all processes together. It counts outside of the unit of work, so a rollback does not undo it. While the
 * database does not answer, each process counts for itself.
 */
export function sharedRateLimit(db: Database, { name, max, perSeconds }: RateLimitOptions): RateLimit {
  const insuranceLimiter = new RateLimiterMemory({ keyPrefix: name, points: max, duration: perSeconds });
  return rateLimit(
    new RateLimiterPostgres({
      storeClient: db.pool,
      storeType: 'pool',
      keyPrefix: name,
      points: max,
      duration: perSeconds,
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      insuranceLimiter,
    }),
  );
}
