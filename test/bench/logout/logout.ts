/**
 * Every app is notified of every session that ends: sessions end at a steady rate while the servers that deliver the
 * notices are killed with SIGKILL and started again, one app fails at random, and one is down for a while.
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
  /** Minimum and maximum time between two kills, in seconds. */
  killEvery: [number, number];
  /** Maximum time to wait at the end for the apps that failed, in seconds. */
  patience: number;
  /** Whether the unsteady app fails until the end of the bench; otherwise only until all sessions have ended. */
  isUnsteadyToTheEnd: boolean;
}

export interface LogoutResult {
  received: Record<ReceiverName, Received>;
  kills: number;
  /** Number of sessions that nobody ends. */
  decoys: number;
  /** Number of those that ended nevertheless. */
  decoysEnded: number;
  /** Seconds until the app that was down had received all that it missed. */
  caughtUpSeconds: number;
  seconds: number;
}

/** Ann and Ben sign in at all three apps, each in a browser of their own. @returns their account ids */
async function signInAtApps(frontdesk: Frontdesk, receivers: Receivers): Promise<Set<string>> {
  const people = [await ann(frontdesk), await ben(frontdesk)];
  const apps = [];
  for (const id of receiverNames)
    apps.push(await app(frontdesk, { id, isFirstParty: true, backChannelLogoutUri: receivers[id].uri }));
  for (const { username } of people) {
    const browser = newBrowser(frontdesk);
    for (const client of apps) {
      const request = authorize(frontdesk, client);
      const code = await codeFor(browser, request, username);
      const { status } = await exchange(frontdesk, client, { code, verifier: request.verifier });
      if (status !== 200) throw new Error(`the response to the exchange was ${status}`);
    }
  }
  return new Set(people.map(({ id }) => id));
}

/** App → `sid` → when the call that ends the session began (`Date.now()`). */
type EndTimes = Record<ReceiverName, Map<string, number>>;

/** Starts to end `rate` sessions per second, whether the earlier ones have ended or not. */
async function endAll(db: Database, sessions: PreparedSession[], rate: number, endTimes: EndTimes): Promise<void> {
  const start = Date.now();
  const endings = sessions.map(async ({ uid, sids }, index) => {
    await sleep(Math.max(0, start + (index * 1000) / rate - Date.now()));
    const now = Date.now();
    for (const name of receiverNames) endTimes[name].set(sids[name]!, now);
    await endSessions(db, [uid], 'ended_by_administrator');
  });
  await Promise.all(endings);
}

const countPending = statement(
  `select count(*)::int as count from logout_notices where delivered_at is null and gave_up_at is null`,
);

async function untilAllSettled(db: Database, patience: number): Promise<void> {
  const deadline = Date.now() + patience * 1000;
  while (Date.now() < deadline) {
    const [row] = await db.read<{ count: number }>(countPending);
    if (row!.count === 0) return;
    await sleep(250);
  }
}

export async function measureLogout(options: LogoutOptions): Promise<LogoutResult> {
  const seconds = options.endings / options.rate;
  let receivers!: Receivers;
  const deployment = await startServers(options.servers, async (frontdesk) => {
    receivers = await startReceivers(frontdesk.issuer);
    return signInAtApps(frontdesk, receivers);
  });
  const { db, servers, prepared: accounts } = deployment;
  try {
    const decoys = Math.ceil(options.endings / 10);
    const sessions = await copySignIns(db, options.endings + decoys);
    const endTimes: EndTimes = { healthy: new Map(), unsteady: new Map(), down: new Map() };
    const started = Date.now();
    const chaos = startChaos(servers, options.killEvery);
    const [backAt] = await Promise.all([
      takeDown(receivers, seconds),
      endAll(db, sessions.slice(decoys), options.rate, endTimes),
    ]);
    await chaos.end();
    if (!options.isUnsteadyToTheEnd) receivers.unsteady.answerWith(200);
    await untilAllSettled(db, options.patience);

    const [live] = await runSql<{ count: number }>(
      db,
      'select count(*)::int as count from sessions where uid = any($1) and ended_at is null',
      [sessions.slice(0, decoys).map(({ uid }) => uid)],
    );
    const missed = [...endTimes.down].filter(([, at]) => at < backAt).map(([sid]) => sid);
    const last = new Map(receivers.down.received.map(({ at, claims }) => [String(claims['sid']), at]));
    return {
      received: {
        healthy: check(receivers.healthy, endTimes.healthy, accounts),
        unsteady: check(receivers.unsteady, endTimes.unsteady, accounts),
        down: check(receivers.down, endTimes.down, accounts),
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
