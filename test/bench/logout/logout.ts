/**
 * Every ending reaches every app: sessions end at a steady rate while the servers that deliver the notices are killed
 * with -9 and started again, one app fails now and then, and one is down for a while.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../src/platform/database.ts';
import { endSessions } from '../../../src/sessions/end-session.ts';
import { ann, app, ben } from '../../support/people-and-apps.ts';
import { runSql, statement } from '../../support/database.ts';
import { codeFor, authorize, exchange, newBrowser } from '../../support/flow.ts';
import type { Frontdesk } from '../../support/frontdesk.ts';
import { startServers } from '../../support/servers.ts';
import { startChaos } from './chaos.ts';
import { check, type Received } from './check.ts';
import { receiverNames, startReceivers, takeDown, type ReceiverName, type Receivers } from './receivers.ts';
import { copySignIns, type PreparedSession } from './sessions.ts';

export interface LogoutOptions {
  endings: number;
  /** Sessions that are ended per second. */
  rate: number;
  servers: number;
  /** Shortest and longest time between two kills, in seconds. */
  killEvery: [number, number];
  /** How long to wait at the end for the apps that had failed, in seconds. */
  patience: number;
  /** Whether the unsteady app fails to the very end; else it works once all sessions have ended. */
  isUnsteadyToTheEnd: boolean;
}

export interface LogoutResult {
  received: Record<ReceiverName, Received>;
  kills: number;
  decoys: number;
  /** Decoys that ended, which they should not. */
  decoysEnded: number;
  /** How long the app that was down needed to receive all it had missed, in seconds. */
  caughtUpSeconds: number;
  seconds: number;
}

/** Ann and Ben sign in at all three apps, in a browser each. */
async function signInForReal(frontdesk: Frontdesk, receivers: Receivers): Promise<Set<string>> {
  const people = [await ann(frontdesk), await ben(frontdesk)];
  const apps = [];
  for (const id of receiverNames)
    apps.push(await app(frontdesk, { id, isFirstParty: true, backChannelLogoutUri: receivers[id].uri }));
  for (const { username } of people) {
    const browser = newBrowser(frontdesk);
    for (const each of apps) {
      const request = authorize(frontdesk, each);
      const code = await codeFor(browser, request, username);
      const { status } = await exchange(frontdesk, each, { code, verifier: request.verifier });
      if (status !== 200) throw new Error(`the exchange was answered ${status}`);
    }
  }
  return new Set(people.map(({ id }) => id));
}

type Begun = Record<ReceiverName, Map<string, number>>;

/** Ends sessions one by one at the rate, whether the ones before are done or not. */
async function endAll(db: Database, sessions: PreparedSession[], rate: number, begun: Begun): Promise<void> {
  const start = Date.now();
  const endings = sessions.map(async ({ uid, sids }, index) => {
    await sleep(Math.max(0, start + (index * 1000) / rate - Date.now()));
    const now = Date.now();
    for (const name of receiverNames) begun[name].set(sids[name]!, now);
    await endSessions(db, [uid], 'ended_by_administrator');
  });
  await Promise.all(endings);
}

const open = statement(
  `select count(*)::int as count from logout_notices where delivered_at is null and gave_up_at is null`,
);

async function untilAllSettled(db: Database, patience: number): Promise<void> {
  const deadline = Date.now() + patience * 1000;
  while (Date.now() < deadline) {
    const [row] = await db.read<{ count: number }>(open);
    if (row!.count === 0) return;
    await sleep(250);
  }
}

export async function measureLogout(options: LogoutOptions): Promise<LogoutResult> {
  const seconds = options.endings / options.rate;
  let receivers!: Receivers;
  const deployment = await startServers(options.servers, async (frontdesk) => {
    receivers = await startReceivers(frontdesk.issuer);
    return signInForReal(frontdesk, receivers);
  });
  const { db, servers, prepared: accounts } = deployment;
  try {
    const decoys = Math.ceil(options.endings / 10);
    const sessions = await copySignIns(db, options.endings + decoys);
    const begun: Begun = { healthy: new Map(), unsteady: new Map(), down: new Map() };
    const started = Date.now();
    const chaos = startChaos(servers, options.killEvery);
    const [backAt] = await Promise.all([
      takeDown(receivers, seconds),
      endAll(db, sessions.slice(decoys), options.rate, begun),
    ]);
    await chaos.end();
    if (!options.isUnsteadyToTheEnd) receivers.unsteady.answerWith(200);
    await untilAllSettled(db, options.patience);

    const [live] = await runSql<{ count: number }>(
      db,
      'select count(*)::int as count from sessions where uid = any($1) and ended_at is null',
      [sessions.slice(0, decoys).map(({ uid }) => uid)],
    );
    const missed = [...begun.down].filter(([, at]) => at < backAt).map(([sid]) => sid);
    const last = new Map(receivers.down.received.map(({ at, claims }) => [String(claims['sid']), at]));
    return {
      received: {
        healthy: check(receivers.healthy, begun.healthy, accounts),
        unsteady: check(receivers.unsteady, begun.unsteady, accounts),
        down: check(receivers.down, begun.down, accounts),
      },
      kills: chaos.kills,
      decoys,
      decoysEnded: decoys - live!.count,
      caughtUpSeconds: Math.max(...missed.map((sid) => last.get(sid) ?? Infinity), backAt) / 1000 - backAt / 1000,
      seconds: (Date.now() - started) / 1000,
    };
  } finally {
    await deployment.close();
    await Promise.all(Object.values(receivers).map((receiver) => receiver.stop()));
  }
}
