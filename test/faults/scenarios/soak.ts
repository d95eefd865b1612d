/** No fault, for long: memory and open handles of the processes and the rows queued in the database do not grow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../bench/report.ts';
import { runSql } from '../../support/database.ts';
import { openHandles, residentMegabytes } from '../../support/process-usage.ts';
import { defineScenario } from '../scenario.ts';
import type { Deployment } from '../deployment.ts';

const sampleSeconds = 5;

/** Rows of pending work; each is deleted when its work is done. */
const queued = `
  select (select count(*) from graphile_worker._private_jobs)::int as jobs,
    (select count(*) from pending_endings)::int as endings, (select count(*) from client_removals)::int as removals`;

/** Measures of both processes together. Their last quarter may be at most `allowed` times the second, plus `margin`. */
const measures = {
  megabytes: { unit: 'MB', allowed: 1.15, margin: 15 },
  handles: { unit: 'handles', allowed: 1, margin: 8 },
  queued: { unit: 'rows queued', allowed: 1, margin: 20 },
};
type Sample = Record<keyof typeof measures, number>;

async function sample({ servers, db }: Deployment): Promise<Sample> {
  const [rows] = await runSql<Record<string, number>>(db, queued);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return {
    megabytes: sum(servers.map(({ pid }) => residentMegabytes(pid))),
    handles: sum(servers.map(({ pid }) => openHandles(pid))),
    queued: sum(Object.values(rows!)),
  };
}

export const soak = defineScenario({
  name: 'soak',
  maxSeconds: 1_800,
  sizes: { full: { seconds: 1_200, isJudged: true }, quick: { seconds: 20, isJudged: false } },
  async run(deployment, { seconds, isJudged }) {
    const samples: Sample[] = [];
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      samples.push(await sample(deployment));
      await sleep(sampleSeconds * 1000);
    }
    // The first quarter is not compared: code is compiled, caches and connections fill.
    const quarter = Math.ceil(samples.length / 4);
    const medianOfQuarter = (name: keyof Sample, from: number) =>
      percentile(
        samples.slice(from * quarter, (from + 1) * quarter).map((values) => values[name]),
        0.5,
      );
    const failures: string[] = [];
    const notes: string[] = [];
    for (const [name, { unit, allowed, margin }] of Object.entries(measures)) {
      const [before, after] = [medianOfQuarter(name as keyof Sample, 1), medianOfQuarter(name as keyof Sample, 3)];
      const figures = `${unit}: ${before.toFixed(0)} in the second quarter, ${after.toFixed(0)} in the last`;
      notes.push(figures);
      if (isJudged && after > before * allowed + margin) failures.push(`it grows: ${figures}`);
    }
    return { what: `people, apps and an operator for ${seconds} s, without a fault`, notes, failures };
  },
});
