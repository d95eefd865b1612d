/** The database ends the connections of the processes, and accepts fewer than they need. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../src/platform/database.ts';
import { runSql } from '../../support/database.ts';
import { defineScenario } from '../scenario.ts';
import { role } from '../deployment.ts';

/** Limit for both processes together; one alone needs more. */
const maxConnections = 3;
/** From the recovery to the next round. */
const pauseMilliseconds = 2_000;

const limitTo = (db: Database, count: number) => runSql(db, `alter role ${role} connection limit ${count}`);
const endAll = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`;

export const connections = defineScenario({
  name: 'connections',
  maxSeconds: 300,
  sizes: { full: { rounds: 5, seconds: 10 }, quick: { rounds: 1, seconds: 6 } },
  async run({ db, rotation }, { rounds, seconds }) {
    const databaseRecovery: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await limitTo(db, maxConnections);
      await runSql(db, endAll);
      await sleep(seconds * 1000);
      await limitTo(db, -1);
      databaseRecovery.push(await rotation.untilReady(performance.now()));
      await sleep(pauseMilliseconds);
    }
    return {
      what: `${rounds} × ${seconds} s with ${maxConnections} database connections for both processes together`,
      databaseRecovery,
    };
  },
});
