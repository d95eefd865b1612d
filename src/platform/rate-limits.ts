/** Rate limits by key and time window. Each process counts by itself, so that counting costs no query. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface RateLimit {
  /**
   * Counts one use of the key.
   *
   * @returns 0, or the seconds to wait when the maximum was reached before this use
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
