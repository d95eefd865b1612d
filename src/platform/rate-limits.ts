/** Rate limits by key and time window, which each process counts for itself: for what is counted on every request. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface RateLimit {
  /**
   * Counts one use of the key.
   *
   * @returns 0, or the seconds to wait when the maximum was reached before
   */
  take(key: string): Promise<number>;
}

export interface RateLimitOptions {
  name: string;
  max: number;
  perSeconds: number;
}

export function processRateLimit({ name, max, perSeconds }: RateLimitOptions): RateLimit {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: max, duration: perSeconds });
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
  };
}
