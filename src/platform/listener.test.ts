/** Tests on a real PostgreSQL when notifications are known to arrive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { freshDatabase, runSql } from '../../test/support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../../test/support/database-proxy.ts';
import { eventually } from '../../test/support/eventually.ts';
import { openDatabase, type Database } from './database.ts';
import { DatabaseBusy } from './database-errors.ts';
import { listen, maxDelayMilliseconds, type Listener } from './listener.ts';
import { DatabaseSilent } from './time-limit.ts';

let db: Database;
let proxy: DatabaseProxy;
let listener: Listener;
const received: string[] = [];
let gaps = 0;

beforeAll(async () => {
  const { url } = await freshDatabase();
  db = openDatabase({ url });
  closeAfterwards(db);
  proxy = await startDatabaseProxy(url);
  listener = await listen({
    url: proxy.url,
    channels: ['one', 'two'],
    onMessage: (channel, message) => received.push(`${channel}: ${message}`),
    onGap: () => (gaps += 1),
    onProbe: () => () => {},
    onError: () => {},
  });
  closeAfterwards(listener);
});

const notify = (channel: string, message: string) => runSql(db, 'select pg_notify($1, $2)', [channel, message]);

test('notifications of each channel are received', async () => {
  expect(listener.isCurrent()).toBe(true);
  await notify('one', 'a');
  await notify('three', 'b');
  await notify('two', 'c');
  await eventually(() => received.length === 2);
  expect(received).toEqual(['one: a', 'two: c']);
});

test('a silent connection is no proof, and gaps are told until there is one again', async () => {
  await eventually(() => listener.isCurrent());
  const wake = proxy.silenceListeners();
  await sleep(maxDelayMilliseconds);
  expect(listener.isCurrent()).toBe(false);
  gaps = 0;
  await eventually(() => gaps > 1);
  await notify('one', 'lost');
  wake();
  await eventually(() => listener.isCurrent());
  received.length = 0;
  await notify('one', 'd');
  await eventually(() => received.length > 0);
  expect(received).toEqual(['one: d']);
});

test('a connection that was lost is no proof at once', async () => {
  await eventually(() => listener.isCurrent());
  gaps = 0;
  proxy.cut();
  await eventually(() => !listener.isCurrent());
  await eventually(() => listener.isCurrent());
  expect(gaps).toBeGreaterThan(0);
});

test('connections that were used just before the network lost them are closed too', async () => {
  const pool = openDatabase({ url: proxy.url, poolSize: 1 });
  closeAfterwards(pool);
  closeAfterwards(await pool.followChanges(() => {}));
  await runSql(pool, 'select');
  // A response takes 800 ms, so that a probe is waiting for its own when this statement gets one.
  proxy.delay(400);
  await sleep(1_000);
  await runSql(pool, 'select');
  proxy.silenceConnections();
  proxy.delay(0);
  const lost = await runSql(pool, 'select').catch((error: unknown) => error);
  expect(lost).toBeInstanceOf(DatabaseBusy);
  // Nobody waited for the time limit of a statement.
  expect(lost).not.toBeInstanceOf(DatabaseSilent);
  await runSql(pool, 'select');
});
