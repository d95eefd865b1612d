/** Counts what passes the load balancer. */
import type { Passed } from '../support/load-balancer.ts';
import { textOf } from './outcome.ts';

export interface Traffic {
  readonly requests: number;
  /** Responses with 503. */
  readonly unavailable: number;
  /** Responses with 500 and above, other than 503: method, path and the text of each. */
  readonly faults: string[];
  /** Requests without a response, since the process or its connection broke. */
  readonly broken: number;
  /** Milliseconds of the slowest response, and what was requested. */
  readonly slowest: number;
  readonly slowestRequest: string;
  record(passed: Passed): void;
  /** Begins again. */
  reset(): void;
}

export function createTraffic(): Traffic {
  const none = () => ({
    requests: 0,
    unavailable: 0,
    faults: [] as string[],
    broken: 0,
    slowest: 0,
    slowestRequest: '',
  });
  let counts = none();
  return {
    get requests() {
      return counts.requests;
    },
    get unavailable() {
      return counts.unavailable;
    },
    get faults() {
      return counts.faults;
    },
    get broken() {
      return counts.broken;
    },
    get slowest() {
      return counts.slowest;
    },
    get slowestRequest() {
      return counts.slowestRequest;
    },
    record({ method, path, status, milliseconds, text }) {
      counts.requests += 1;
      const request = `${method} ${path.split('?')[0]} ${status}`;
      if (milliseconds > counts.slowest) Object.assign(counts, { slowest: milliseconds, slowestRequest: request });
      if (status === 0) counts.broken += 1;
      else if (status === 503) counts.unavailable += 1;
      else if (status >= 500) counts.faults.push(`${request} ${textOf(text)}`);
    },
    reset() {
      counts = none();
    },
  };
}
