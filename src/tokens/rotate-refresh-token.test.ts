/** Requirements of test/security/README.md: B06, G02. Tests the rotation of refresh tokens on a real PostgreSQL, under every valid root secret. */
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
async function storeToken(value: string, usedKeyring: Keyring, parentHash?: Buffer): Promise<string> {
  await db.inUnitOfWork(async () => {
    upsertArtifact(db, { kind, idHash: usedKeyring.digest(kind, value), payload: {}, expiresAt, parentHash });
  });
  return value;
}

/** Uses a token as a request does: rotates it, and stores a new successor in the same unit of work. */
const useToken = (token: string, usedKeyring: Keyring = keyring): Promise<Rotation | undefined> =>
  db.inUnitOfWork(async () => {
    const rotation = await rotateRefreshToken(db, usedKeyring, token);
    if (rotation?.isNew) {
      upsertArtifact(db, {
        kind,
        idHash: usedKeyring.digest(kind, rotation.successor),
        payload: {},
        expiresAt,
        parentHash: rotation.parentHash,
      });
    }
    return rotation;
  });
const successorOf = async (token: string, usedKeyring?: Keyring) => (await useToken(token, usedKeyring))?.successor;
const newToken = (usedKeyring: Keyring = keyring) => storeToken(randomToken(), usedKeyring);
const setSecondsPassed = (seconds: number) =>
  runSql(db, `update artifacts set consumed_at = consumed_at - interval '${seconds} seconds'`);
const rowsOf = async (parent: string) =>
  (await runSql(db, `select from artifacts where parent_hash = '\\x${keyring.digest(kind, parent).toString('hex')}'`))
    .length;

test('B06 repeated uses of a token within the grace period give the same successor and one row', async () => {
  const first = await newToken();
  const successor = await successorOf(first);
  await setSecondsPassed(29);
  expect([await successorOf(first), await successorOf(first)]).toEqual([successor, successor]);
  expect(await rowsOf(first)).toBe(1);
});

test('a use after the grace period is a replay, also when the successor was never used', async () => {
  const first = await newToken();
  await useToken(first);
  await setSecondsPassed(31);
  expect(await useToken(first)).toBeUndefined();
});

test('a repeated use gives the newest token of the family', async () => {
  const first = await newToken();
  let newest = first;
  for (let step = 0; step < 5; step += 1) newest = (await successorOf(newest))!;
  expect(await successorOf(first)).toBe(newest);
  expect((await useToken(first))!.isNew).toBe(false);
});

test('a second use of a token that the previous release consumed is a replay', async () => {
  const first = await newToken();
  await runSql(
    db,
    `update artifacts set consumed_at = now() where id_hash = '\\x${keyring.digest(kind, first).toString('hex')}'`,
  );
  expect(await useToken(first)).toBeUndefined();
});

test('an unknown token has no successor', async () => {
  expect(await useToken(randomToken())).toBeUndefined();
});

test('a use that is rolled back leaves the token unused, and its successor is never given again', async () => {
  const first = await newToken();
  let lostSuccessor: string | undefined;
  await expect(
    db.inUnitOfWork(async () => {
      lostSuccessor = (await rotateRefreshToken(db, keyring, first))?.successor;
      throw new Error('refused');
    }),
  ).rejects.toThrow('refused');
  const rotation = await useToken(first);
  expect(rotation!.isNew).toBe(true);
  expect(rotation!.successor).not.toBe(lostSuccessor);
});

test('G02 while the root secret is replaced, both orders of the secrets give the same family', async () => {
  const keyrings = [createKeyring([oldSecret, newSecret]), createKeyring([newSecret, oldSecret])] as const;
  for (const issuingKeyring of keyrings) {
    const first = await newToken(issuingKeyring);
    const successors = [];
    for (const usedKeyring of [keyrings[0], keyrings[1], keyrings[0], keyrings[1]])
      successors.push(await successorOf(first, usedKeyring));
    expect(new Set(successors).size).toBe(1);
    const second = successors[0]!;
    const thirds = [await successorOf(second, keyrings[1]), await successorOf(second, keyrings[0])];
    expect(new Set(thirds).size).toBe(1);
    expect(await successorOf(first, keyrings[1])).toBe(thirds[0]);
  }
});

test('a hundred concurrent uses give one successor', async () => {
  const first = await newToken();
  const uses = await Promise.all(Array.from({ length: 100 }, () => successorOf(first)));
  expect(new Set(uses).size).toBe(1);
  expect(await rowsOf(first)).toBe(1);
});

test('the database holds no live token, and the old token and the root secret are not enough to derive it', async () => {
  const first = await newToken();
  const liveToken = (await successorOf(first))!;
  expect(await dump(db)).not.toContain(liveToken);
  const digest = keyring.digest(kind, first);
  for (const salt of [Buffer.alloc(0), Buffer.alloc(16)])
    expect(keyring.successor(digest, salt, first)).not.toBe(liveToken);
});
