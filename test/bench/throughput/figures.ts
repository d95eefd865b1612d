/** Arithmetic of the comparison: medians, ratios, and what limits the rate. */
import type { Measured, Measurement } from './measure.ts';

const middle = (values: number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;

/** Each figure by itself, but errors: those of all rounds. The statements are those of the last round. */
export function medianOf(rounds: readonly Measured[]): Measured {
  const last = rounds.at(-1)!;
  const names = Object.keys(last).filter((name) => name !== 'topStatements') as (keyof Measurement)[];
  const medians = names.map((name) => {
    const values = rounds.flatMap((round) => round[name] ?? []);
    return [name, values.length === 0 ? undefined : middle(values)];
  });
  const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
  return { ...(Object.fromEntries(medians) as Measurement), errors, topStatements: last.topStatements };
}

/** Share of a processor from which on it counts as the limit. */
const limit = 0.9;

export function limitingResource({ providerBusy, driverBusy }: Measurement): string {
  if (driverBusy >= limit && driverBusy > providerBusy) return 'driver';
  return providerBusy >= limit ? 'processor' : 'waiting';
}

/** CPU of the server and of the database for one operation. */
export const cpuOfBoth = ({ serverCpu, databaseCpu }: Measurement): number => serverCpu + databaseCpu;
