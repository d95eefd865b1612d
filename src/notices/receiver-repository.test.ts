/** Tests the state of logout endpoints that do not respond, on a real PostgreSQL. */
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { findReceiverState, deleteReceiverState, upsertReceiverFailure, claimProbe } from './receiver-repository.ts';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const secondsLeft = async (id: string) =>
  Math.round(((await findReceiverState(db, id))!.notBefore.getTime() - Date.now()) / 1000);

test('a late failure of an earlier call changes neither the pause nor the number of failures', async () => {
  await upsertReceiverFailure(db, 'late', 1, 10);
  await upsertReceiverFailure(db, 'late', 2, 20);
  await upsertReceiverFailure(db, 'late', 1, 10);
  expect(await findReceiverState(db, 'late')).toMatchObject({ failures: 2 });
  expect(await secondsLeft('late')).toBe(20);
});

test('after the pause, one of several processes claims the next call', async () => {
  await upsertReceiverFailure(db, 'probe', 1, 0);
  const claims = await Promise.all(Array.from({ length: 8 }, () => claimProbe(db, 'probe', 5)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await secondsLeft('probe')).toBe(5);
});

test('an endpoint that responds again has no state', async () => {
  await upsertReceiverFailure(db, 'back', 3, 60);
  await deleteReceiverState(db, 'back');
  expect(await findReceiverState(db, 'back')).toBeUndefined();
});
