/** The disk of the database is full for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { becomes } from '../../support/eventually.ts';
import { defineScenario } from '../scenario.ts';
import { startOnSmallDisk, missingForSmallDisk, type SmallDisk } from '../small-disk.ts';

let disk: SmallDisk | undefined;

/** From the recovery to the next round. */
const pauseMilliseconds = 3_000;

export const diskFull = defineScenario({
  name: 'disk-full',
  maxSeconds: 300,
  missing: missingForSmallDisk,
  async startPostgres() {
    disk = await startOnSmallDisk();
    return disk.postgres;
  },
  sizes: { full: { rounds: 3, seconds: 20 }, quick: { rounds: 1, seconds: 10 } },
  async run({ db, postgres, rotation }, { rounds, seconds }) {
    const databaseRecovery: number[] = [];
    let crashes = 0;
    for (let round = 0; round < rounds; round += 1) {
      disk!.fill();
      await sleep(seconds * 1000);
      disk!.free();
      if (postgres.pid === undefined) {
        // PostgreSQL ends when it cannot write the WAL.
        crashes += 1;
        await postgres.start();
      }
      await becomes(() => db.isResponding(), true);
      databaseRecovery.push(await rotation.untilReady(performance.now()));
      await sleep(pauseMilliseconds);
    }
    return {
      what: `${rounds} × the disk of the database full for ${seconds} s`,
      databaseRecovery,
      notes: [`PostgreSQL ended ${crashes} times by itself`],
    };
  },
});
