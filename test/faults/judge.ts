/** The figures of a scenario, and which of them do not hold. */
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
  codesTwice: number;
  branched: number;
  /** A line for each contradiction in the database. */
  halfDone: string[];
  /** A line for each response with 500 and above other than 503. */
  faults: string[];
  /** A line for each refusal that no fault explains. */
  surprises: string[];
  unavailable: number;
  /** Requests whose connection broke. */
  brokenOff: number;
  /** Milliseconds. */
  slowest: number;
  /** A line for each figure that does not hold. */
  failures: string[];
}

/** Milliseconds. */
const bounds = { processBack: 5_000, databaseBack: 2_000, slowest: 10_000 };
const minGoodput = 0.8;

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const count = (lines: readonly string[], what: string): string[] =>
  lines.length === 0 ? [] : [`${lines.length} × ${what}: ${lines[0]!}`];
const late = (times: readonly number[] | undefined, bound: number, what: string): string[] => {
  const longest = Math.max(0, ...(times ?? []));
  return longest > bound ? [`${what} took ${seconds(longest)}, not ${seconds(bound)} at most`] : [];
};

export interface Found {
  measured: Measured;
  ledger: Pick<Ledger, 'acknowledged' | 'codesUsedTwice' | 'surprises'>;
  traffic: Pick<Traffic, 'requests' | 'unavailable' | 'broken' | 'faults' | 'slowest' | 'slowestRequest'>;
  lost: string[];
  contradictions: Contradictions;
  /** Lines of the logs that say that something of ours is wrong. */
  faultLines: string[];
}

export function judge({ name, maxDatabaseBack }: Pick<Scenario, 'name' | 'maxDatabaseBack'>, found: Found): Result {
  const { measured, ledger, traffic, lost, contradictions, faultLines } = found;
  const { codesTwice, branched, halfDone } = contradictions;
  const { processBack, databaseBack, failedInDrain = 0, goodput = [], broken = [] } = measured;
  const { surprises } = ledger;
  const { faults, slowest } = traffic;
  return {
    ...measured,
    name,
    requests: traffic.requests,
    acknowledged: ledger.acknowledged,
    lost,
    codesTwice: codesTwice.length + ledger.codesUsedTwice,
    branched: branched.length,
    halfDone,
    faults,
    surprises,
    unavailable: traffic.unavailable,
    brokenOff: traffic.broken,
    slowest,
    failures: [
      ...(ledger.acknowledged === 0 ? ['nothing was acknowledged'] : []),
      ...count(lost, 'an acknowledged fact is lost'),
      ...count(codesTwice, 'a code used twice'),
      ...(ledger.codesUsedTwice > 0 ? [`${ledger.codesUsedTwice} × tokens twice for one code`] : []),
      ...count(branched, 'a line of refresh tokens that branched'),
      ...count(halfDone, 'half done'),
      ...count(faults, 'a response with 5xx other than 503'),
      ...count(faultLines, 'a fault in the log'),
      ...count(surprises, 'a refusal without a reason'),
      ...(failedInDrain > 0 ? [`${failedInDrain} requests failed in drain`] : []),
      ...late(processBack, bounds.processBack, 'a process'),
      ...late(databaseBack, maxDatabaseBack ?? bounds.databaseBack, 'readiness after the database was back'),
      ...late([slowest], bounds.slowest, `a response (${traffic.slowestRequest})`),
      ...goodput
        .filter((share) => !(share >= minGoodput))
        .map((share) => `${(share * 100).toFixed(0)} % of the capacity was done, not ${minGoodput * 100} %`),
      ...broken,
    ],
  };
}

/** The result of a scenario that could not be finished. */
export function failed(scenario: Pick<Scenario, 'name'>, error: Error): Result {
  const traffic = { requests: 0, unavailable: 0, broken: 0, faults: [], slowest: 0, slowestRequest: '' };
  return judge(scenario, {
    measured: { what: 'It could not be finished.', broken: [error.stack ?? error.message] },
    ledger: { acknowledged: 0, codesUsedTwice: 0, surprises: [] },
    traffic,
    lost: [],
    contradictions: { codesTwice: [], branched: [], halfDone: [] },
    faultLines: [],
  });
}
