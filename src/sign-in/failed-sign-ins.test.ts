/** Tests which failed sign-ins the account pages mention to a person. */
import { summarizeFailedSignIns } from './failed-sign-ins.ts';

const now = Date.now();
const minute = 60 * 1000;
const kinds = { failed: 'sign-in.failed', succeeded: 'sign-in.succeeded' } as const;

let count = 0;
const event = (kind: keyof typeof kinds, minutesAgo: number, ip = '192.0.2.1', device = 'Firefox on Linux') => ({
  id: String((count += 1)),
  at: new Date(now - minutesAgo * minute),
  kind: kinds[kind],
  ip,
  detail: { device },
});

/** Summarizes events that are listed from the oldest to the newest. */
const summarize = (...events: ReturnType<typeof event>[]) => summarizeFailedSignIns(events.toReversed());

test('without a failure nothing is mentioned', () => {
  expect(summarize(event('succeeded', 1))).toEqual({ unexplained: undefined, afterMany: undefined });
});

test('one or two typing errors before a success are not mentioned', () => {
  const result = summarize(
    event('failed', 9),
    event('succeeded', 8),
    event('failed', 3),
    event('failed', 2),
    event('succeeded', 1),
  );
  expect(result).toEqual({ unexplained: undefined, afterMany: undefined });
});

test('a success on another device or at another address does not explain a failure', () => {
  const failed = event('failed', 2);
  const expected = { unexplained: { count: 1, lastAt: failed.at, isBurst: false }, afterMany: undefined };
  expect(summarize(failed, event('succeeded', 1, '192.0.2.2'))).toEqual(expected);
  expect(summarize(failed, event('succeeded', 1, '192.0.2.1', 'Safari on iPhone'))).toEqual(expected);
});

test('a success much later does not explain a failure', () => {
  expect(summarize(event('failed', 17), event('succeeded', 1)).unexplained).toMatchObject({ count: 1, isBurst: false });
});

test('more than two failures before a success are mentioned with the sign-in that followed', () => {
  const success = event('succeeded', 1);
  const result = summarize(event('failed', 4), event('failed', 3), event('failed', 2), success);
  expect(result).toEqual({ unexplained: undefined, afterMany: { count: 3, id: success.id, at: success.at } });
});

test('five failures within an hour are a burst, also from many addresses', () => {
  const failures = (minutesApart: number) =>
    Array.from({ length: 5 }, (_, index) => event('failed', 400 - index * minutesApart, `192.0.2.${index}`));
  expect(summarize(...failures(15)).unexplained).toMatchObject({ count: 5, isBurst: true });
  expect(summarize(...failures(16)).unexplained).toMatchObject({ count: 5, isBurst: false });
  expect(summarize(...failures(15).slice(1)).unexplained).toMatchObject({ count: 4, isBurst: false });
});
