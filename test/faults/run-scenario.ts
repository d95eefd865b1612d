/** Runs one scenario: a deployment, people at work, the faults, and at the end the comparison. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/platform/database.ts';
import { makeTemplate, runSql } from '../support/database.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { findContradictions } from './contradictions.ts';
import { startDriver } from './driver.ts';
import { judge, type Result } from './judge.ts';
import { findLost } from './lost.ts';
import type { Measured, Scenario } from './scenario.ts';
import { startStage, type Stage } from './stage.ts';

const warmUpMilliseconds = 2_000;
const settleMilliseconds = 120_000;

const openNotices = `
  select count(*)::int as count from logout_notices
  where channel = 'back' and delivered_at is null and gave_up_at is null`;
const openEndings = 'select count(*)::int as count from pending_endings';

/** Waits until every app is notified and every ending finished, at most two minutes. */
async function settle(db: Database): Promise<void> {
  const deadline = Date.now() + settleMilliseconds;
  while (Date.now() < deadline) {
    const [notices] = await runSql<{ count: number }>(db, openNotices);
    const [endings] = await runSql<{ count: number }>(db, openEndings);
    if (notices!.count + endings!.count === 0) return;
    await sleep(250);
  }
}

/** @throws Error when it takes too long */
async function withinSeconds<T>(work: Promise<T>, limit: number): Promise<T> {
  const given = new AbortController();
  const tooLong = sleep(limit * 1000, undefined, { signal: given.signal }).then(() => {
    throw new Error(`it was given up after ${limit} s`);
  });
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    given.abort();
    tooLong.catch(() => {});
  }
}

/** Ends the fault of a scenario that was given up. */
async function heal({ postgres, proxies }: Stage): Promise<void> {
  postgres.thaw();
  if (postgres.pid === undefined) await postgres.start();
  for (const proxy of proxies) {
    proxy.delay(0);
    proxy.thaw();
  }
}

async function measure(scenario: Scenario, stage: Stage, isQuick: boolean): Promise<Measured> {
  const driver = startDriver(stage.world);
  try {
    await sleep(warmUpMilliseconds);
    stage.traffic.reset();
    return await withinSeconds(scenario.run({ ...stage, driver }, isQuick), scenario.maxSeconds);
  } finally {
    await heal(stage);
    await driver.stop();
  }
}

/** @param shared the PostgreSQL of the run */
export async function runScenario(scenario: Scenario, shared: PostgresServer, isQuick: boolean): Promise<Result> {
  const postgres = (await scenario.startPostgres?.()) ?? shared;
  process.env['TEST_SERVER'] = postgres.url;
  if (postgres !== shared) await makeTemplate();
  const stage = await startStage(postgres, scenario.options);
  try {
    const { world, evidence, db, traffic, faultLines } = stage;
    const measured = await measure(scenario, stage, isQuick);
    await settle(db);
    const lost = await findLost(world.ledger, evidence);
    const contradictions = await findContradictions(db);
    return judge(scenario, { measured, ledger: world.ledger, traffic, lost, contradictions, faultLines });
  } finally {
    await stage.close();
    if (postgres !== shared) await postgres.stop('immediate');
  }
}
