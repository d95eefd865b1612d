/** Keeps logout notices going out: every app has a few calls of its own at a time, and waits for no other app's. */
import { claimNotices, listClientsWithDueNotices } from '../../notices/logout-notice-repository.ts';
import { claimSeconds, pauseSeconds, type LogoutNotice } from '../../notices/logout-notice.ts';
import {
  findReceiverState,
  clearReceiverFailures,
  recordReceiverFailure,
  claimProbe,
} from '../../notices/receiver-repository.ts';
import { deliverLogoutNotice, type DeliveryServices } from './deliver-logout-notice.ts';

export interface Deliveries {
  /** Something is due for an app. Returns at once; the calls are made meanwhile. */
  wake(clientId: string): void;
  /** Wakes all apps for which something is due. */
  sweep(): Promise<void>;
  /** Makes no more calls, and waits for those under way. */
  stop(): Promise<void>;
}

/** What this process is doing for one app. */
interface Line {
  calls: number;
  /** Something was due that there was no room for. */
  hasMore: boolean;
  isLooking: boolean;
  isWoken: boolean;
  /** When a call was last answered, in milliseconds. */
  answeredAt: number;
}

const maxCalls = 10;

export function createDeliveries(services: DeliveryServices): Deliveries {
  const { db, log } = services;
  const lines = new Map<string, Line>();
  const underWay = new Set<Promise<void>>();
  const stopped = new AbortController();

  function track(clientId: string, work: Promise<void>): void {
    // What went wrong in the middle is due again when its claim is over.
    const tracked = work
      .catch((error: unknown) => log.warn({ err: error, clientId }, 'delivery of logout notices failed'))
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  }

  /** @param failures how often in a row the app had not answered before */
  async function call(line: Line, notice: LogoutNotice, failures: number): Promise<void> {
    const { clientId } = notice;
    const startedAt = Date.now();
    try {
      if ((await deliverLogoutNotice(services, notice)) === 'answered') {
        line.answeredAt = Date.now();
        if (failures > 0) await clearReceiverFailures(db, clientId);
      } else if (line.answeredAt < startedAt) {
        // It answered no other call meanwhile either.
        await recordReceiverFailure(db, clientId, failures + 1, pauseSeconds(failures + 1));
      }
    } finally {
      line.calls -= 1;
      if (line.hasMore) wake(clientId);
      else forgetIfIdle(clientId, line);
    }
  }

  /** Makes as many calls as there is room for. An app that does not answer is tried by one at a time. */
  async function fill(clientId: string, line: Line): Promise<void> {
    const receiver = await findReceiverState(db, clientId);
    const room = (receiver ? 1 : maxCalls) - line.calls;
    line.hasMore = room <= 0;
    if (room <= 0 || (receiver && !(await claimProbe(db, clientId, claimSeconds)))) return;
    const notices = await claimNotices(db, clientId, room);
    line.hasMore = notices.length === room;
    line.calls += notices.length;
    for (const notice of notices) track(clientId, call(line, notice, receiver?.failures ?? 0));
  }

  async function look(clientId: string, line: Line): Promise<void> {
    try {
      while (line.isWoken && !stopped.signal.aborted) {
        line.isWoken = false;
        await fill(clientId, line);
      }
    } finally {
      line.isLooking = false;
      forgetIfIdle(clientId, line);
    }
  }

  function forgetIfIdle(clientId: string, line: Line): void {
    if (line.calls === 0 && !line.isLooking) lines.delete(clientId);
  }

  function wake(clientId: string): void {
    if (stopped.signal.aborted) return;
    const line = lines.get(clientId) ?? { calls: 0, hasMore: false, isLooking: false, isWoken: false, answeredAt: 0 };
    lines.set(clientId, line);
    line.isWoken = true;
    if (line.isLooking) return;
    line.isLooking = true;
    track(clientId, look(clientId, line));
  }

  return {
    wake,
    async sweep() {
      for (const clientId of await listClientsWithDueNotices(db)) wake(clientId);
    },
    async stop() {
      stopped.abort();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
