/** Connections to the database are reset: by the server (pg_terminate_backend), and by the network. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSql } from '../../support/database.ts';
import { defineScenario } from '../scenario.ts';
import { role } from '../deployment.ts';

const endOne = `
  select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}' order by random() limit 1`;
/** Each reset with a number that this divides closes all connections of a process; the others close one. */
const allEvery = 25;

export const resets = defineScenario({
  name: 'resets',
  options: { hasProxies: true },
  maxSeconds: 300,
  sizes: { full: { count: 200 }, quick: { count: 50 } },
  async run({ db, proxies, rotation }, { count }) {
    const databaseRecovery: number[] = [];
    for (let done = 1; done <= count; done += 1) {
      const proxy = proxies[done % 2]!;
      if (done % allEvery === 0) {
        proxy.cut();
        databaseRecovery.push(await rotation.untilReady(performance.now()));
      } else if (randomInt(2) === 0) proxy.cutOne();
      else await runSql(db, endOne);
      await sleep(randomInt(50, 250));
    }
    return { what: `${count} resets of connections to the database`, databaseRecovery };
  },
});
