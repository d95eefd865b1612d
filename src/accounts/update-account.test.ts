/** Tests on a real database how accounts are changed. */
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { listAccountEvents } from '../audit/audit-repository.ts';
import { createPasswordHasher, type PasswordHasher } from '../credentials/password.ts';
import type { Refusal } from '../errors.ts';
import { openDatabase, type Database } from '../platform/database.ts';
import { findAccount } from './account-repository.ts';
import { createAccount } from './create-account.ts';
import { setEmail } from './set-email.ts';
import { renameAccount, updateAccount } from './update-account.ts';

let database: TestDatabase;
let db: Database;
let hasher: PasswordHasher;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url });
  hasher = await createPasswordHasher();
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

let accountCount = 0;
async function create(): Promise<{ id: string; email: string; username: string }> {
  accountCount += 1;
  const names = { email: `person-${accountCount}@example.com`, username: `person-${accountCount}` };
  const details = { ...names, name: 'Ann Archer', password: 'correct horse battery staple' };
  return { id: await createAccount(db, hasher, details, 'command-line'), ...names };
}

const by = 'command-line';
const nobody = '00000000-0000-4000-8000-000000000000';
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Refusal) => error.code,
  );
const emailOf = async (id: string) => {
  const account = await findAccount(db, id);
  return { email: account?.email, isVerified: account?.emailVerifiedAt !== undefined };
};

test('an update changes only the given fields, and null removes a field', async () => {
  const { id, email, username } = await create();
  await updateAccount(db, id, { name: 'Ann Baker' }, by);
  expect(await findAccount(db, id)).toMatchObject({ name: 'Ann Baker', username, email });
  await updateAccount(db, id, { username: null, isEmailVerified: true }, by);
  expect(await findAccount(db, id)).toMatchObject({ name: 'Ann Baker', username: undefined });
  expect(await emailOf(id)).toEqual({ email, isVerified: true });
  await updateAccount(db, id, { name: null, username: ' \u200bAnn.Baker', isEmailVerified: false }, by);
  expect(await findAccount(db, id)).toMatchObject({ name: undefined, username: 'Ann.Baker' });
  expect(await emailOf(id)).toEqual({ email, isVerified: false });
});

test('a user name that was given up is free for others', async () => {
  const [ann, ben] = [await create(), await create()];
  expect(await codeOf(renameAccount(db, ben.id, ann.username.toUpperCase(), by))).toBe('username_taken');
  await renameAccount(db, ann.id, 'ann.archer', by);
  await renameAccount(db, ann.id, 'Ann.Archer', by);
  await renameAccount(db, ben.id, ann.username, by);
  expect((await findAccount(db, ann.id))?.username).toBe('Ann.Archer');
});

test('the caller decides whether a new address is verified; another spelling of the same address does not change that', async () => {
  const { id } = await create();
  await setEmail(db, { accountId: id, email: 'New@Example.com', isVerified: true, by });
  expect(await emailOf(id)).toEqual({ email: 'New@Example.com', isVerified: true });
  await setEmail(db, { accountId: id, email: 'mailto:new@example.com', isVerified: false, by });
  expect(await emailOf(id)).toEqual({ email: 'new@example.com', isVerified: true });
  await setEmail(db, { accountId: id, email: 'newer@example.com', isVerified: false, by });
  expect(await emailOf(id)).toEqual({ email: 'newer@example.com', isVerified: false });
});

test('invalid and taken values are refused, and nothing changes', async () => {
  const [ann, ben] = [await create(), await create()];
  const accountBefore = await findAccount(db, ben.id);
  const outcomes = await Promise.all([
    codeOf(setEmail(db, { accountId: ben.id, email: ann.email.toUpperCase(), isVerified: true, by })),
    codeOf(setEmail(db, { accountId: ben.id, email: 'nonsense', isVerified: true, by })),
    codeOf(setEmail(db, { accountId: nobody, email: 'x@example.com', isVerified: true, by })),
    codeOf(updateAccount(db, ben.id, { name: 'Other', username: ann.username }, by)),
    codeOf(updateAccount(db, ben.id, { name: 'Other', username: 'a b' }, by)),
    codeOf(updateAccount(db, nobody, { name: 'Other' }, by)),
    codeOf(renameAccount(db, nobody, 'nobody', by)),
  ]);
  expect(outcomes).toEqual([
    'email_taken',
    'email_invalid',
    'account_unknown',
    'username_taken',
    'username_invalid',
    'account_unknown',
    'account_unknown',
  ]);
  expect(await findAccount(db, ben.id)).toEqual(accountBefore);
});

test('when ten accounts set the same address, or the same user name, at once, one succeeds', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, create));
  const emails = all.map(({ id }) =>
    codeOf(setEmail(db, { accountId: id, email: 'one@example.com', isVerified: false, by })),
  );
  expect((await Promise.all(emails)).toSorted()).toEqual(['done', ...Array<string>(9).fill('email_taken')]);
  const names = all.map(({ id }) => codeOf(renameAccount(db, id, 'the-one', by)));
  expect((await Promise.all(names)).toSorted()).toEqual(['done', ...Array<string>(9).fill('username_taken')]);
});

test('events say which fields changed, not their values', async () => {
  const { id } = await create();
  await updateAccount(db, id, { name: 'Eve', username: 'eve-2', isEmailVerified: true }, by);
  await renameAccount(db, id, 'eve-3', by);
  await setEmail(db, { accountId: id, email: 'eve@example.com', isVerified: false, by });
  const kinds = ['account.created', 'account.email-set', 'account.renamed', 'account.updated'] as const;
  const events = (await listAccountEvents(db, id, { limit: 10, kinds })).map(({ kind, detail }) => [kind, detail]);
  expect(events).toEqual([
    ['account.email-set', { isVerified: false, by }],
    ['account.renamed', { by }],
    ['account.updated', { fields: ['name', 'username', 'isEmailVerified'], by }],
    ['account.created', { by }],
  ]);
});
