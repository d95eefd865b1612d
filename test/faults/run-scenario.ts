/** Runs one scenario: starts a deployment and the driver, injects the faults, and compares ledger and database. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/platform/database.ts';
import { makeTemplate, runSql } from '../support/database.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { findContradictions } from './contradictions.ts';
import { startDriver } from './driver.ts';
import { judge, type Result } from './judge.ts';
import { findLostFacts } from './lost-facts.ts';
import type { Measured, Scenario } from './scenario.ts';
import { startDeployment, type Deployment } from './deployment.ts';

const warmUpMilliseconds = 2_000;
const settleMilliseconds = 120_000;

const pendingNotices = `
  select count(*)::int as count from logout_notices
  where channel = 'back' and delivered_at is null and gave_up_at is null`;
const pendingEndings = 'select count(*)::int as count from pending_endings';

/** Waits until every app is notified and every ending is finished, for two minutes at most. */
export async function settle(db: Database): Promise<void> {
  const deadline = Date.now() + settleMilliseconds;
  while (Date.now() < deadline) {
    const [notices] = await runSql<{ count: number }>(db, pendingNotices);
    const [endings] = await runSql<{ count: number }>(db, pendingEndings);
    if (notices!.count + endings!.count === 0) return;
    await sleep(250);
  }
}

/** @param limit seconds @throws Error when the work takes longer */
async function withTimeout<T>(work: Promise<T>, limit: number): Promise<T> {
  const finished = new AbortController();
  const timeout = sleep(limit * 1000, undefined, { signal: finished.signal }).then(() => {
    throw new Error(`it took more than ${limit} s`);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    finished.abort();
    timeout.catch(() => {});
  }
}

/** Ends the fault of a scenario, also of one that failed or took too long. */
async function undoFault({ postgres, proxies }: Deployment): Promise<void> {
  postgres.thaw();
  if (postgres.pid === undefined) await postgres.start();
  for (const proxy of proxies) {
    proxy.delay(0);
    proxy.thaw();
  }
}

async function measure(scenario: Scenario, deployment: Deployment, isQuick: boolean): Promise<Measured> {
  const driver = startDriver(deployment.world);
  try {
    await sleep(warmUpMilliseconds);
    deployment.traffic.reset();
    return await withTimeout(scenario.run({ ...deployment, driver }, isQuick), scenario.maxSeconds);
  } finally {
    await undoFault(deployment);
    await driver.stop();
  }
}

/** @param shared the PostgreSQL of the run */
export async function runScenario(scenario: Scenario, shared: PostgresServer, isQuick: boolean): Promise<Result> {
  const postgres = (await scenario.startPostgres?.()) ?? shared;
  process.env['TEST_SERVER'] = postgres.url;
  if (postgres !== shared) await makeTemplate();
  const deployment = await startDeployment(postgres, scenario.options);
  try {
    const { world, evidence, db, traffic, faultLines } = deployment;
    const measured = await measure(scenario, deployment, isQuick);
    await settle(db);
    const lost = await findLostFacts(world.ledger, evidence);
    const contradictions = await findContradictions(db);
    return judge(scenario, { measured, ledger: world.ledger, traffic, lost, contradictions, faultLines });
  } finally {
    await deployment.close();
    if (postgres !== shared) await postgres.stop('immediate');
  }
}
