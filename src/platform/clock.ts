/** Sets `Date` in this process by the database's clock, so that all processes agree on when something expires. */
import type { Database } from './database.ts';
import type { Log } from './log.ts';

const systemDate = globalThis.Date;
const systemNow = systemDate.now.bind(systemDate);

/** Whole milliseconds that the database's clock is ahead of the machine's; 0 as long as they differ by less than a second. */
let offset = 0;

/** Smaller differences are not followed: they are of the network's making as much as of the clocks'. */
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
 * Compares the clocks, and follows the database's when they differ by more than a second.
 *
 * @returns the seconds that the clock of this process was changed by; 0 when it was right
 */
export async function setClockByDatabase(db: Database): Promise<number> {
  const before = systemNow();
  const milliseconds = await db.readClock();
  const after = systemNow();
  // The database read its clock somewhere in between.
  const uncertainty = (after - before) / 2;
  const measured = milliseconds - (before + uncertainty);
  const change = measured - offset;
  if (Math.abs(change) < minDifferenceMilliseconds + uncertainty) return 0;
  setOffset(Math.abs(measured) < minDifferenceMilliseconds ? 0 : Math.round(measured));
  return change / 1000;
}

/**
 * Sets the clock now, and again when the machine's or the database's changes.
 *
 * @returns a function that stops this
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
    // A database that is away is noticed elsewhere.
    check().catch(() => {});
  }, checkSeconds * 1000);
  return () => clearInterval(timer);
}
