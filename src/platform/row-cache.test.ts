/** Tests when a row is taken from memory, on a real unit of work. */
import { freshDatabase } from '../../test/support/database.ts';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { openDatabase, type Database } from './database.ts';
import { createRowCache, type RowCache } from './row-cache.ts';

let db: Database;
let isCurrent: boolean;
/** Whether `find` is called outside of the unit of work. */
let isOutside: boolean;
let cache: RowCache;
/** A read of the database: each returns a new object. */
let stored: Record<string, string>;
let reads: number;

beforeAll(async () => {
  db = openDatabase({ url: (await freshDatabase()).url });
  closeAfterwards(db);
});
beforeEach(() => {
  isCurrent = true;
  isOutside = false;
  stored = { a: '1', b: '1' };
  reads = 0;
  cache = createRowCache({ isCurrent: () => isCurrent, unitOfWork: () => (isOutside ? undefined : db.unitOfWork()) });
});

const read = (key: string) => async () => {
  reads += 1;
  return stored[key] === undefined ? undefined : { value: stored[key] };
};
const find = async (key: string) => (await cache.find('things', key, read(key)))?.value;

test('a row is read once, until it is dropped', async () => {
  expect([await find('a'), await find('a'), await find('b'), reads]).toEqual(['1', '1', '1', 2]);
  stored = { a: '2', b: '2' };
  cache.drop('things', 'a');
  expect([await find('a'), await find('b')]).toEqual(['2', '1']);
  cache.drop('things');
  expect(await find('b')).toBe('2');
  stored['b'] = '3';
  cache.drop('others');
  expect(await find('b')).toBe('2');
  cache.clear();
  expect(await find('b')).toBe('3');
});

test('a row that does not exist is not cached', async () => {
  expect(await find('new')).toBeUndefined();
  stored['new'] = '1';
  expect(await find('new')).toBe('1');
});

test('while notifications may be missed, each find reads the row, and nothing is cached', async () => {
  await find('a');
  isCurrent = false;
  stored = { a: '2', b: '2' };
  expect([await find('a'), await find('b'), await find('b'), reads]).toEqual(['2', '2', '2', 4]);
});

test('a row that is dropped while it is read is not cached', async () => {
  const late = cache.find('things', 'a', async () => {
    const row = await read('a')();
    stored['a'] = '2';
    cache.drop('things', 'a');
    return row;
  });
  expect((await late)?.value).toBe('1');
  expect(await find('a')).toBe('2');
});

test('the thousand rows that were used last are cached', async () => {
  await find('a');
  await find('b');
  for (let index = 0; index < 998; index += 1) {
    stored[`n${index}`] = '1';
    await find(`n${index}`);
  }
  await find('a');
  stored['last'] = '1';
  await find('last');
  const readBefore = reads;
  await find('a');
  await find('last');
  expect(reads).toBe(readBefore);
  await find('b');
  expect(reads).toBe(readBefore + 1);
});

test.each(['commit', 'rollback'] as const)(
  'a unit of work reads what it changes, and keeps nothing of it before its %s',
  async (ending) => {
    await find('a');
    await db.startUnitOfWork(async (unit) => {
      cache.noteChange('things', 'a');
      stored['a'] = 'not committed';
      expect([await find('a'), await find('b')]).toEqual(['not committed', '1']);
      cache.noteChange('things');
      stored['b'] = 'not committed';
      expect(await find('b')).toBe('not committed');
      stored = { a: '1', b: '1' };
      isOutside = true;
      expect([await find('a'), await find('b')]).toEqual(['1', '1']);
      isOutside = false;
      await unit[ending]();
    });
    stored = { a: '2', b: '2' };
    expect([await find('a'), await find('b')]).toEqual(['2', '2']);
  },
);

test('what another request reads before the commit is dropped by the commit', async () => {
  let commit = () => {};
  const committed = new Promise<void>((resolve) => (commit = resolve));
  let isChanged = () => {};
  const changed = new Promise<void>((resolve) => (isChanged = resolve));
  const work = db.inUnitOfWork(async () => {
    cache.noteChange('things', 'a');
    isChanged();
    await committed;
  });
  await changed;
  expect(await find('a')).toBe('1');
  stored['a'] = '2';
  commit();
  await work;
  expect(await find('a')).toBe('2');
});
