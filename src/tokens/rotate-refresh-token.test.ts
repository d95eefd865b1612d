/** Requirements B06 and G02: the rotation of refresh tokens, on a real PostgreSQL, under every valid root secret. */
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { dump, freshDatabase, runSql } from '../../test/support/database.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { createKeyring, randomToken, type Keyring } from '../platform/secrets.ts';
import { upsertArtifact } from './artifact-repository.ts';
import { rotateRefreshToken, type Rotation } from './rotate-refresh-token.ts';

const kind = 'RefreshToken';
const [oldSecret, newSecret] = [`old_${randomToken()}`, `new_${randomToken()}`];
const keyring = createKeyring([oldSecret]);
let db: Database;

beforeAll(async () => {
  db = openDatabase({ url: (await freshDatabase()).url });
  closeAfterwards(db);
});

const expiresAt = new Date(Date.now() + 3_600_000);

/** Stores a token as the adapter does. */
async function store(value: string, by: Keyring, parentHash?: Buffer): Promise<string> {
  await db.inUnitOfWork(async () => {
    upsertArtifact(db, { kind, idHash: by.digest(kind, value), payload: {}, expiresAt, parentHash });
  });
  return value;
}

/** Uses a token as a request does: what is new is stored with it. */
const use = (token: string, by: Keyring = keyring): Promise<Rotation | undefined> =>
  db.inUnitOfWork(async () => {
    const rotation = await rotateRefreshToken(db, by, token);
    if (rotation?.isNew) {
      upsertArtifact(db, {
        kind,
        idHash: by.digest(kind, rotation.successor),
        payload: {},
        expiresAt,
        parentHash: rotation.parentHash,
      });
    }
    return rotation;
  });
const successorOf = async (token: string, by?: Keyring) => (await use(token, by))?.successor;
const fresh = (by: Keyring = keyring) => store(randomToken(), by);
const secondsPass = (seconds: number) =>
  runSql(db, `update artifacts set consumed_at = consumed_at - interval '${seconds} seconds'`);
const rowsOf = async (parent: string) =>
  (await runSql(db, `select from artifacts where parent_hash = '\\x${keyring.digest(kind, parent).toString('hex')}'`))
    .length;

test('B06 the same token gives the same successor within the grace period, and one row', async () => {
  const first = await fresh();
  const successor = await successorOf(first);
  await secondsPass(29);
  expect([await successorOf(first), await successorOf(first)]).toEqual([successor, successor]);
  expect(await rowsOf(first)).toBe(1);
});

test('after the grace period it is a replay, also when the successor was never used', async () => {
  const first = await fresh();
  await use(first);
  await secondsPass(31);
  expect(await use(first)).toBeUndefined();
});

test('a repeat gets the newest token of the family', async () => {
  const first = await fresh();
  let newest = first;
  for (let step = 0; step < 5; step += 1) newest = (await successorOf(newest))!;
  expect(await successorOf(first)).toBe(newest);
  expect((await use(first))!.isNew).toBe(false);
});

test('a token that the release before has used is a replay', async () => {
  const first = await fresh();
  await runSql(
    db,
    `update artifacts set consumed_at = now() where id_hash = '\\x${keyring.digest(kind, first).toString('hex')}'`,
  );
  expect(await use(first)).toBeUndefined();
});

test('an unknown token is not used', async () => {
  expect(await use(randomToken())).toBeUndefined();
});

test('a use that is rolled back leaves the token unused, and gives the same to nobody', async () => {
  const first = await fresh();
  let lost: string | undefined;
  await expect(
    db.inUnitOfWork(async () => {
      lost = (await rotateRefreshToken(db, keyring, first))?.successor;
      throw new Error('refused');
    }),
  ).rejects.toThrow('refused');
  const rotation = await use(first);
  expect(rotation!.isNew).toBe(true);
  expect(rotation!.successor).not.toBe(lost);
});

test('G02 while the root secret is replaced, both orders of it give the same line', async () => {
  const both = [createKeyring([oldSecret, newSecret]), createKeyring([newSecret, oldSecret])] as const;
  for (const maker of both) {
    const first = await fresh(maker);
    const successors = [];
    for (const by of [both[0], both[1], both[0], both[1]]) successors.push(await successorOf(first, by));
    expect(new Set(successors).size).toBe(1);
    const second = successors[0]!;
    const thirds = [await successorOf(second, both[1]), await successorOf(second, both[0])];
    expect(new Set(thirds).size).toBe(1);
    expect(await successorOf(first, both[1])).toBe(thirds[0]);
  }
});

test('a hundred uses at once make one successor', async () => {
  const first = await fresh();
  const uses = await Promise.all(Array.from({ length: 100 }, () => successorOf(first)));
  expect(new Set(uses).size).toBe(1);
  expect(await rowsOf(first)).toBe(1);
});

test('neither the database nor an old token with the root secret gives the live one', async () => {
  const first = await fresh();
  const live = (await successorOf(first))!;
  expect(await dump(db)).not.toContain(live);
  const digest = keyring.digest(kind, first);
  for (const salt of [Buffer.alloc(0), Buffer.alloc(16)]) expect(keyring.successor(digest, salt, first)).not.toBe(live);
});
