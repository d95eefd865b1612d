/** Sets `Date` in this process by the database's clock, so that all processes agree on when something expires. */
import type { Database } from './database.ts';
import { isDatabaseError } from './database-errors.ts';
import type { Log } from './log.ts';

const systemDate = globalThis.Date;
const systemNow = systemDate.now.bind(systemDate);

/**
 * Milliseconds that the database's clock is ahead of the machine's clock; 0 while they differ by less than a second.
 */
let offset = 0;

/** Smaller differences are ignored: the network's delay causes them as much as the clocks do. */
const minDifferenceMilliseconds = 1_000;
const checkSeconds = 5;

function setOffset(milliseconds: number): void {
  offset = milliseconds;
  if (globalThis.Date !== systemDate) return;
  const now = () => systemNow() + offset;
  globalThis.Date = new Proxy(systemDate, {
    construct: (target, args, newTarget: never) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    get: (target, property, receiver) =>
      property === 'now' ? now : (Reflect.get(target, property, receiver) as unknown),
  });
}

/**
 * Compares the clocks, and sets the clock of this process by the database's when they differ by more than a second.
 *
 * @returns the seconds by which the clock of this process was changed; 0 when it was not changed
 */
export async function setClockByDatabase(db: Database): Promise<number> {
  const before = systemNow();
  const milliseconds = await db.readClock();
  const after = systemNow();
  // The database read its clock at some time between these two.
  const uncertainty = (after - before) / 2;
  const measured = milliseconds - (before + uncertainty);
  const change = measured - offset;
  if (Math.abs(change) < minDifferenceMilliseconds + uncertainty) return 0;
  setOffset(Math.abs(measured) < minDifferenceMilliseconds ? 0 : Math.round(measured));
  return change / 1000;
}

/**
 * Sets the clock now, and again whenever the clock of the machine or of the database changes.
 *
 * @returns a function that stops the checks
 */
export async function followDatabaseClock(db: Database, log: Log): Promise<() => void> {
  const check = async () => {
    const seconds = await setClockByDatabase(db);
    if (seconds === 0) return;
    const hint = 'synchronise the clocks of this machine and of the database server';
    log.warn({ seconds: Math.round(seconds), hint }, 'the clock of the database differs from that of this machine');
  };
  await check();
  const timer = setInterval(() => {
    check().catch((error: unknown) => {
      // Other queries report a database that is unavailable.
      if (!isDatabaseError(error)) log.error({ err: error }, 'the clock of the database could not be read');
    });
  }, checkSeconds * 1000);
  // The timer does not keep a process alive that could not start.
  timer.unref();
  return () => clearInterval(timer);
}
