/** What the work of a request knows of it, wherever it runs: its place among those in work, and whether its client left. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Place } from './bounded-queue.ts';

interface CurrentRequest {
  place: Place;
  /** Aborted when the client closes the connection before it has the response. */
  signal: AbortSignal;
}

const requests = new AsyncLocalStorage<CurrentRequest>();

export const runAsRequest = <T>(request: CurrentRequest, work: () => Promise<T>): Promise<T> =>
  requests.run(request, work);

/** Aborted when the client of this request has left; undefined in jobs and commands. */
export const clientSignal = (): AbortSignal | undefined => requests.getStore()?.signal;

/**
 * Waits for something that needs neither this process nor the database, such as a call over the network. Another request
 * has the place of this one meanwhile.
 */
export async function outOfPlace<T>(wait: () => Promise<T>): Promise<T> {
  const place = requests.getStore()?.place;
  if (!place) return wait();
  place.pause();
  try {
    return await wait();
  } finally {
    place.resume();
  }
}
