/** Tests the unit of work on a real PostgreSQL. */
import { setTimeout as sleep } from 'node:timers/promises';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { startStatementCounter } from '../../test/support/statement-counter.ts';
import { openDatabase, type Database } from './database.ts';
import { sql } from './statement.ts';
import { CommitFailed, CommitUncertain, DatabaseBusy } from './database-errors.ts';

let database: TestDatabase;
let db: Database;
let oneConnectionDb: Database;

const insert = sql`insert into rate_limits (key, points) values ($1, 1)`;
const select = sql`select key from rate_limits order by key`;
const fail = sql`select 1 / (points - points) from rate_limits`;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  oneConnectionDb = openDatabase({ url: database.url, poolSize: 1 });
});
afterAll(async () => {
  await db.close();
  await oneConnectionDb.close();
  await database.drop();
});

const keys = async () => (await db.read<{ key: string }>(select)).map(({ key }) => key);
beforeEach(() => db.inUnitOfWork(async () => db.write(sql`delete from rate_limits`)));

test('writes are visible inside the unit of work, and outside only after the commit', async () => {
  await db.inUnitOfWork(async () => {
    db.write(insert, ['a']);
    expect(await keys()).toEqual(['a']);
    const outside = await oneConnectionDb.read(select);
    expect(outside).toEqual([]);
  });
  expect(await keys()).toEqual(['a']);
});

test('an exception rolls everything back', async () => {
  const work = db.inUnitOfWork(async () => {
    db.write(insert, ['a']);
    await db.guard(insert, ['b']);
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  expect(await keys()).toEqual([]);
});

test('the failure of a statement that nobody awaits makes the commit fail', async () => {
  const work = db.inUnitOfWork(async () => {
    db.write(insert, ['a']);
    db.write(insert, ['a']);
    db.write(insert, ['b']);
  });
  await expect(work).rejects.toThrow(CommitFailed);
  expect(await keys()).toEqual([]);
});

test('a statement after a failed one rejects with the error of the failed one', async () => {
  const work = db.inUnitOfWork(async () => {
    for (const key of ['a', 'a', 'b']) db.write(insert, [key]);
    await db.guard(insert, ['c']);
  });
  await expect(work).rejects.toThrow('duplicate key');
});

test('the commit fails even when the error of a statement was caught', async () => {
  const work = db.inUnitOfWork(async () => {
    db.write(insert, ['a']);
    await db.read(fail).catch(() => []);
  });
  await expect(work).rejects.toThrow(CommitFailed);
  expect(await keys()).toEqual([]);
});

test('an inner unit of work joins the outer one', async () => {
  const work = db.inUnitOfWork(async () => {
    await db.inUnitOfWork(async () => db.write(insert, ['a']));
    throw new Error('later');
  });
  await expect(work).rejects.toThrow('later');
  expect(await keys()).toEqual([]);
});

test('a write outside of the transaction is not rolled back', async () => {
  const work = db.inUnitOfWork(async () => {
    await db.writeOutsideTransaction(insert, ['apart']);
    db.write(insert, ['a']);
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  expect(await keys()).toEqual(['apart']);
});

test('one connection suffices for many concurrent units of work', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `n${String(index).padStart(2, '0')}`);
  await Promise.all(
    names.map((name) =>
      oneConnectionDb.inUnitOfWork(async () => {
        await oneConnectionDb.read(select);
        oneConnectionDb.write(insert, [name]);
        await oneConnectionDb.read(select);
        await oneConnectionDb.writeOutsideTransaction(insert, [`${name}-apart`]);
      }),
    ),
  );
  expect(await keys()).toHaveLength(60);
});

test('a finished unit of work refuses statements', async () => {
  let lateStatement: (() => Promise<unknown>) | undefined;
  await db.inUnitOfWork(async () => {
    db.write(insert, ['a']);
    lateStatement = () => db.guard(insert, ['b']);
  });
  await expect(
    db.startUnitOfWork(async (unit) => {
      await unit.commit();
      await db.guard(insert, ['c']);
    }),
  ).rejects.toThrow('closed');
  await expect(lateStatement!()).rejects.toThrow('outside of a unit of work');
  expect(await keys()).toEqual(['a']);
});

test('a refusal rolls back only after rollBackOnRefusal', async () => {
  await db.startUnitOfWork(async (unit) => {
    expect([unit.mayCommit(200), unit.mayCommit(400), unit.mayCommit(503)]).toEqual([true, true, false]);
    unit.rollBackOnRefusal();
    expect([unit.mayCommit(303), unit.mayCommit(400)]).toEqual([true, false]);
    unit.commitOnRefusal();
    expect(unit.mayCommit(400)).toBe(true);
  });
});

test('a broken connection makes the commit fail, and the pool stays usable', async () => {
  const work = db.inUnitOfWork(async () => {
    db.write(insert, ['a']);
    await db.read(sql`select pg_terminate_backend(pg_backend_pid())`);
  });
  await expect(work).rejects.toThrow();
  expect(await keys()).toEqual([]);
});

test('statements have constant text', () => {
  expect(() => sql`select ${'1' as never}`).toThrow(TypeError);
});

test('a transaction that the server ended for idleness is reported as DatabaseBusy', async () => {
  const work = db.inUnitOfWork(async () => {
    await db.guard(sql`set local idle_in_transaction_session_timeout = 50`);
    await sleep(500);
    await db.guard(select);
  });
  await expect(work).rejects.toThrow(DatabaseBusy);
});

describe('a write that is the only statement', () => {
  const watchStatements = async (work: (watched: Database) => Promise<unknown>): Promise<string[]> => {
    const counter = await startStatementCounter(database.url);
    const watched = openDatabase({ url: counter.url, poolSize: 1 });
    closeAfterwards(watched);
    await watched.read(select);
    return (await counter.count(() => work(watched))).statements;
  };

  test('needs no transaction, and is done when the unit of work ends', async () => {
    const statements = await watchStatements((watched) =>
      watched.inUnitOfWork(async () => watched.write(insert, ['a'])),
    );
    expect(statements).toEqual([insert.text]);
    expect(await keys()).toEqual(['a']);
  });

  test('is in a transaction with those that follow it', async () => {
    const statements = await watchStatements((watched) =>
      watched.inUnitOfWork(async () => {
        watched.write(insert, ['a']);
        expect(await watched.read(select)).toEqual([{ key: 'a' }]);
      }),
    );
    expect(statements).toEqual(['BEGIN', insert.text, select.text, 'COMMIT']);
  });

  test('is not sent when the unit of work is rolled back', async () => {
    const statements = await watchStatements((watched) =>
      watched
        .inUnitOfWork(async () => {
          watched.write(insert, ['a']);
          throw new Error('no');
        })
        .catch(() => {}),
    );
    expect(statements).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  test('makes the commit fail when it fails', async () => {
    await db.inUnitOfWork(async () => db.write(insert, ['a']));
    const failure = await db.inUnitOfWork(async () => db.write(insert, ['a'])).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommitFailed);
    expect(failure).not.toBeInstanceOf(CommitUncertain);
  });
});
