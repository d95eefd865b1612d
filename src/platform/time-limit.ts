/** Bounds how long something is waited for. */
import { DatabaseBusy } from './database-errors.ts';

/** Nobody answered in time: neither the server nor the network said anything. */
export class DatabaseSilent extends DatabaseBusy {
  override readonly name = 'DatabaseSilent';
}

/**
 * Waits for a result of the database, which a network that drops packets would never deliver.
 *
 * @param onTimeout called once when the time is over, to give up what waits
 * @throws DatabaseSilent after so many milliseconds
 */
export async function withinLimit<T>(work: Promise<T>, milliseconds: number, onTimeout = () => {}): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => {
        onTimeout();
        reject(new DatabaseSilent(`no answer within ${milliseconds} ms`));
      },
      Math.max(0, milliseconds),
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
    // Its own failure may come later, when nobody waits for it any more.
    work.catch(() => {});
  }
}
