/** Compares the figures of a scenario with what must hold. */
import type { Contradictions } from './contradictions.ts';
import type { Ledger } from './ledger.ts';
import type { Measured, Scenario } from './scenario.ts';
import type { Traffic } from './traffic.ts';

export interface Result extends Measured {
  name: string;
  requests: number;
  acknowledged: number;
  /** A line for each acknowledged fact that is lost. */
  lost: string[];
  codesUsedTwice: number;
  branched: number;
  /** A line for each contradiction in the database. */
  halfDone: string[];
  /** A line for each response with a status of 500 and above, other than 503. */
  serverErrors: string[];
  /** As in the ledger. */
  unexpected: string[];
  /** Responses with 503. */
  unavailable: number;
  /** Requests whose connection broke. */
  brokenConnections: number;
  /** Milliseconds of the slowest response. */
  slowest: number;
  /** A line for each figure that does not hold. */
  failures: string[];
}

/** Maxima, in milliseconds. */
const bounds = { processRecovery: 5_000, databaseRecovery: 2_000, slowest: 10_000 };
const minGoodput = 0.8;

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const countLines = (lines: readonly string[], what: string): string[] =>
  lines.length === 0 ? [] : [`${lines.length} × ${what}: ${lines[0]!}`];
const overBound = (times: readonly number[] | undefined, bound: number, what: string): string[] => {
  const longest = Math.max(0, ...(times ?? []));
  return longest > bound ? [`${what} took ${seconds(longest)}, not ${seconds(bound)} at most`] : [];
};

export interface Findings {
  measured: Measured;
  ledger: Pick<Ledger, 'acknowledged' | 'codesUsedTwice' | 'unexpected'>;
  traffic: Pick<
    Traffic,
    'requests' | 'unavailable' | 'brokenConnections' | 'serverErrors' | 'slowest' | 'slowestRequest'
  >;
  lost: string[];
  contradictions: Contradictions;
  /** Log lines of the processes with the message `fault`. */
  faultLines: string[];
}

export function judge(
  { name, maxDatabaseRecovery }: Pick<Scenario, 'name' | 'maxDatabaseRecovery'>,
  found: Findings,
): Result {
  const { measured, ledger, traffic, lost, contradictions, faultLines } = found;
  const { codesUsedTwice, branched, halfDone } = contradictions;
  const { processRecovery, databaseRecovery, failedInDrain = 0, goodput = [], failures = [] } = measured;
  const { unexpected } = ledger;
  const { serverErrors, slowest } = traffic;
  return {
    ...measured,
    name,
    requests: traffic.requests,
    acknowledged: ledger.acknowledged,
    lost,
    codesUsedTwice: codesUsedTwice.length + ledger.codesUsedTwice,
    branched: branched.length,
    halfDone,
    serverErrors,
    unexpected,
    unavailable: traffic.unavailable,
    brokenConnections: traffic.brokenConnections,
    slowest,
    failures: [
      ...(ledger.acknowledged === 0 ? ['nothing was acknowledged'] : []),
      ...countLines(lost, 'an acknowledged fact is lost'),
      ...countLines(codesUsedTwice, 'a code was used twice'),
      ...(ledger.codesUsedTwice > 0 ? [`${ledger.codesUsedTwice} × a code was exchanged for tokens twice`] : []),
      ...countLines(branched, 'a family of refresh tokens branched'),
      ...countLines(halfDone, 'done by half'),
      ...countLines(serverErrors, 'a response with 5xx other than 503'),
      ...countLines(faultLines, 'a fault in a log'),
      ...countLines(unexpected, 'an unexpected response'),
      ...(failedInDrain > 0 ? [`${failedInDrain} requests failed while a process drained`] : []),
      ...overBound(processRecovery, bounds.processRecovery, 'the start of a process'),
      ...overBound(
        databaseRecovery,
        maxDatabaseRecovery ?? bounds.databaseRecovery,
        'readiness after the database had recovered',
      ),
      ...overBound([slowest], bounds.slowest, `a response (${traffic.slowestRequest})`),
      ...goodput
        .filter((share) => !(share >= minGoodput))
        .map((share) => `${(share * 100).toFixed(0)} % of the capacity was achieved, not ${minGoodput * 100} %`),
      ...failures,
    ],
  };
}

/** The result of a scenario that could not be finished. */
export function failed(scenario: Pick<Scenario, 'name'>, error: Error): Result {
  const traffic = {
    requests: 0,
    unavailable: 0,
    brokenConnections: 0,
    serverErrors: [],
    slowest: 0,
    slowestRequest: '',
  };
  return judge(scenario, {
    measured: { what: 'It could not be finished.', failures: [error.stack ?? error.message] },
    ledger: { acknowledged: 0, codesUsedTwice: 0, unexpected: [] },
    traffic,
    lost: [],
    contradictions: { codesUsedTwice: [], branched: [], halfDone: [] },
    faultLines: [],
  });
}
