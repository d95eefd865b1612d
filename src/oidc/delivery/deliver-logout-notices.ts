/** Delivers logout notices, with a queue per client, so that a slow client delays no other. */
import { claimNotices, listClientsWithDueNotices } from '../../notices/logout-notice-repository.ts';
import { claimSeconds, pauseSeconds, type LogoutNotice } from '../../notices/logout-notice.ts';
import {
  findReceiverState,
  deleteReceiverState,
  upsertReceiverFailure,
  claimProbe,
} from '../../notices/receiver-repository.ts';
import { deliverLogoutNotice, type DeliveryServices } from './deliver-logout-notice.ts';

export interface Deliveries {
  /** Starts delivering the due notices of a client. Returns at once. */
  wake(clientId: string): void;
  /** Starts delivering the due notices of all clients. */
  sweep(): Promise<void>;
  /** Starts no more calls, and waits for those in flight. */
  stop(): Promise<void>;
}

/** The queue of one client in this process. */
interface Queue {
  /** Number of calls in flight. */
  calls: number;
  /** Whether more notices may be due than could be claimed. */
  hasMore: boolean;
  isRunning: boolean;
  isWakeRequested: boolean;
  /** When the client last responded to a call, in milliseconds since 1970; 0 when it has not. */
  respondedAt: number;
}

/** Maximum number of calls in flight per client. */
const maxCalls = 10;

export function createDeliveries(services: DeliveryServices): Deliveries {
  const { db, log } = services;
  const queues = new Map<string, Queue>();
  const inFlight = new Set<Promise<void>>();
  const stopped = new AbortController();

  function track(clientId: string, work: Promise<void>): void {
    // A notice whose delivery throws is due again when its claim expires.
    const tracked = work
      .catch((error: unknown) => log.warn({ err: error, clientId }, 'delivery of logout notices failed'))
      .finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  }

  /** @param failures number of consecutive attempts without a response before this one */
  async function deliver(queue: Queue, notice: LogoutNotice, failures: number): Promise<void> {
    const { clientId } = notice;
    const startedAt = Date.now();
    try {
      if ((await deliverLogoutNotice(services, notice)) === 'responded') {
        queue.respondedAt = Date.now();
        if (failures > 0) await deleteReceiverState(db, clientId);
      } else if (queue.respondedAt < startedAt) {
        // The client responded to no other call meanwhile.
        await upsertReceiverFailure(db, clientId, failures + 1, pauseSeconds(failures + 1));
      }
    } finally {
      queue.calls -= 1;
      if (queue.hasMore) wake(clientId);
      else removeIfIdle(clientId, queue);
    }
  }

  /** Starts calls for due notices, up to the maximum in flight: ten, or one while the client does not respond. */
  async function startCalls(clientId: string, queue: Queue): Promise<void> {
    const receiver = await findReceiverState(db, clientId);
    const room = (receiver ? 1 : maxCalls) - queue.calls;
    queue.hasMore = room <= 0;
    if (room <= 0 || (receiver && !(await claimProbe(db, clientId, claimSeconds)))) return;
    const notices = await claimNotices(db, clientId, room);
    queue.hasMore = notices.length === room;
    queue.calls += notices.length;
    for (const notice of notices) track(clientId, deliver(queue, notice, receiver?.failures ?? 0));
  }

  /** Starts calls until no wake is requested. */
  async function runQueue(clientId: string, queue: Queue): Promise<void> {
    try {
      while (queue.isWakeRequested && !stopped.signal.aborted) {
        queue.isWakeRequested = false;
        await startCalls(clientId, queue);
      }
    } finally {
      queue.isRunning = false;
      removeIfIdle(clientId, queue);
    }
  }

  function removeIfIdle(clientId: string, queue: Queue): void {
    if (queue.calls === 0 && !queue.isRunning) queues.delete(clientId);
  }

  function wake(clientId: string): void {
    if (stopped.signal.aborted) return;
    const queue = queues.get(clientId) ?? {
      calls: 0,
      hasMore: false,
      isRunning: false,
      isWakeRequested: false,
      respondedAt: 0,
    };
    queues.set(clientId, queue);
    queue.isWakeRequested = true;
    if (queue.isRunning) return;
    queue.isRunning = true;
    track(clientId, runQueue(clientId, queue));
  }

  return {
    wake,
    async sweep() {
      for (const clientId of await listClientsWithDueNotices(db)) wake(clientId);
    },
    async stop() {
      stopped.abort();
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
  };
}
