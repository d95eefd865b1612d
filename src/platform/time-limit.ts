/** Limits how long a result of the database is waited for. */
import { DatabaseBusy } from './database-errors.ts';

/** Thrown when neither a result nor an error came in time. The connection may be broken. */
export class DatabaseSilent extends DatabaseBusy {
  override readonly name = 'DatabaseSilent';
  /** How long it was waited for. */
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    super('away', `no response within ${Math.round(milliseconds)} ms`);
    this.milliseconds = milliseconds;
  }
}

/**
 * Waits for a result of the database, which a network that drops packets would never deliver.
 *
 * @param onTimeout called when the time is over, to close what `work` waits for
 * @throws DatabaseSilent when the time is over
 */
export async function withinLimit<T>(work: Promise<T>, milliseconds: number, onTimeout = () => {}): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => {
        onTimeout();
        reject(new DatabaseSilent(milliseconds));
      },
      Math.max(0, milliseconds),
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
    // A later rejection must not be unhandled.
    work.catch(() => {});
  }
}
