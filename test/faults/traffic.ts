/** Counts the requests that pass the load balancer. */
import type { ForwardedRequest } from '../support/load-balancer.ts';
import { textOf } from './outcome.ts';

export interface Traffic {
  readonly requests: number;
  /** Responses with 503. */
  readonly unavailable: number;
  /** A line for each response with a status of 500 and above, other than 503: method, path, status and text. */
  readonly serverErrors: string[];
  /** Requests without a response, since the connection to the process broke. */
  readonly brokenConnections: number;
  /** Milliseconds of the slowest response, and what was requested. */
  readonly slowest: number;
  readonly slowestRequest: string;
  record(request: ForwardedRequest): void;
  /** Sets all counts to 0. */
  reset(): void;
}

export function createTraffic(): Traffic {
  const none = () => ({
    requests: 0,
    unavailable: 0,
    serverErrors: [] as string[],
    brokenConnections: 0,
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
    get serverErrors() {
      return counts.serverErrors;
    },
    get brokenConnections() {
      return counts.brokenConnections;
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
      if (status === 0) counts.brokenConnections += 1;
      else if (status === 503) counts.unavailable += 1;
      else if (status >= 500) counts.serverErrors.push(`${request} ${textOf(text)}`);
    },
    reset() {
      counts = none();
    },
  };
}
