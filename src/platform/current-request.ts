/** The current request, known to all code that it calls: its place in the queue, and whether its client has left. */
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

/**
 * A signal that is aborted when the client of the current request closes the connection; undefined outside of requests.
 */
export const clientSignal = (): AbortSignal | undefined => requests.getStore()?.signal;

/**
 * Waits for work that needs neither this process nor the database, such as a call over the network. Gives up the place of
 * the current request in the queue meanwhile, so that another request can run.
 */
export async function givingUpPlace<T>(wait: () => Promise<T>): Promise<T> {
  const place = requests.getStore()?.place;
  if (!place) return wait();
  place.pause();
  try {
    return await wait();
  } finally {
    place.resume();
  }
}
