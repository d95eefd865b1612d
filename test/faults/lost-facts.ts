/** Finds facts of the ledger that neither the database nor the logout endpoints of the apps confirm. */
import type { PasswordHasher } from '../../src/credentials/password.ts';
import type { Database } from '../../src/platform/database.ts';
import type { Keyring } from '../../src/platform/secrets.ts';
import { runSql } from '../support/database.ts';
import type { Receiver } from '../support/receiver.ts';
import type { FactKind, FactOf, Ledger } from './ledger.ts';

/** Where facts are looked up. */
export interface Evidence {
  db: Database;
  keyring: Keyring;
  hasher: PasswordHasher;
  /** Client id → its logout endpoint. */
  receivers: ReadonlyMap<string, Pick<Receiver, 'received'>>;
}

/** Queries all facts of a kind at once. @returns a function that says why a fact is lost; undefined when it is not */
type Search<K extends FactKind> = (
  facts: FactOf<K>[],
  evidence: Evidence,
) => Promise<(fact: FactOf<K>) => string | undefined | Promise<string | undefined>>;

const batchSize = 500;

/** Selects rows by the digests of cookies, codes or tokens. @returns value → its row */
async function byDigest<Row extends { hash: Buffer }>(
  { db, keyring }: Evidence,
  kind: string,
  values: string[],
  text: string,
): Promise<(value: string) => Row | undefined> {
  const digests = values.map((value) => keyring.digest(kind, value));
  const found = new Map<string, Row>();
  // All at once took more than a minute after a long run.
  for (let first = 0; first < digests.length; first += batchSize) {
    const rows = await runSql<Row>(db, text, [digests.slice(first, first + batchSize)]);
    for (const row of rows) found.set(row.hash.toString('hex'), row);
  }
  return (value) => found.get(keyring.digest(kind, value).toString('hex'));
}

interface SessionRow {
  hash: Buffer;
  account_id: string;
  ended_at: Date | null;
}
const selectSessions = 'select id_hash as hash, account_id, ended_at from sessions where id_hash = any($1)';

interface ArtifactRow {
  hash: Buffer;
  consumed_at: Date | null;
  is_live: boolean;
}
const selectArtifacts = (kind: string) => `
  select a.id_hash as hash, a.consumed_at, g.id is not null as is_live
  from artifacts a left join live_grants g on g.id = a.grant_id
  where a.kind = '${kind}' and a.id_hash = any($1)`;

const searches: { [K in FactKind]: Search<K> } = {
  async session(facts, evidence) {
    const cookies = facts.map(({ cookie }) => cookie);
    const find = await byDigest<SessionRow>(evidence, 'Session', cookies, selectSessions);
    return ({ cookie, accountId }) => {
      const row = find(cookie);
      if (!row) return 'there is no such session';
      if (row.account_id !== accountId) return 'it is the session of another account';
      return row.ended_at ? `it ended at ${row.ended_at.toISOString()}` : undefined;
    };
  },

  async 'sign-out'(facts, evidence) {
    const cookies = facts.map(({ cookie }) => cookie);
    const find = await byDigest<SessionRow>(evidence, 'Session', cookies, selectSessions);
    return ({ cookie }) => (find(cookie)?.ended_at === null ? 'the session is live' : undefined);
  },

  async notification(_facts, { receivers }) {
    const received = new Map(
      [...receivers].map(([id, receiver]) => [id, new Set(receiver.received.map(({ claims }) => claims['sid']))]),
    );
    return ({ clientId, sid }) =>
      received.get(clientId)?.has(sid) === true ? undefined : `${clientId} was not notified`;
  },

  async exchange(facts, evidence) {
    const codes = facts.map(({ code }) => code);
    const find = await byDigest<ArtifactRow>(
      evidence,
      'AuthorizationCode',
      codes,
      selectArtifacts('AuthorizationCode'),
    );
    // An expired code may have been purged.
    return ({ code }) => (find(code)?.consumed_at === null ? 'the code is not used' : undefined);
  },

  async 'refresh token'(facts, evidence) {
    const tokens = facts.map(({ token }) => token);
    const find = await byDigest<ArtifactRow>(evidence, 'RefreshToken', tokens, selectArtifacts('RefreshToken'));
    return ({ token }) => {
      const row = find(token);
      if (!row) return 'there is no such token';
      if (row.consumed_at) return `it was used at ${row.consumed_at.toISOString()}`;
      return row.is_live ? undefined : 'its grant is revoked';
    };
  },

  async consent(_facts, { db }) {
    const rows = await runSql<{ account_id: string; client_id: string; updated_at: Date }>(
      db,
      'select account_id, client_id, updated_at from consents',
    );
    const at = new Map(rows.map((row) => [`${row.account_id} ${row.client_id}`, row.updated_at]));
    return ({ accountId, clientId, since }) =>
      (at.get(`${accountId} ${clientId}`) ?? 0) >= since ? undefined : 'the answer is not stored';
  },

  async client(facts, { db, keyring }) {
    const rows = await runSql<{ id: string; name: string; hashes: string[] }>(
      db,
      `select c.id, c.metadata ->> 'client_name' as name, array_agg(s.hash) as hashes
        from clients c join client_secrets s on s.client_id = c.id where c.id = any($1) group by c.id`,
      [facts.map(({ id }) => id)],
    );
    const clients = new Map(rows.map((row) => [row.id, row]));
    return ({ id, name, secret }) => {
      const row = clients.get(id);
      if (!row) return 'there is no such client';
      if (row.name !== name) return `its name is ${row.name}`;
      return row.hashes.includes(keyring.digest('client-secret', secret).toString('hex'))
        ? undefined
        : 'it has another secret';
    };
  },

  async 'removal of a client'(facts, { db }) {
    const ids = facts.map(({ id }) => id);
    const rows = await runSql<{ id: string }>(db, 'select id from clients where id = any($1)', [ids]);
    const existing = new Set(rows.map(({ id }) => id));
    return ({ id }) => (existing.has(id) ? 'the client still exists' : undefined);
  },

  async account(facts, { db }) {
    const ids = facts.map(({ id }) => id);
    const rows = await runSql<{ id: string; username: string }>(
      db,
      'select id, username from accounts where id = any($1)',
      [ids],
    );
    const names = new Map(rows.map(({ id, username }) => [id, username]));
    return ({ id, username }) => (names.get(id) === username ? undefined : 'there is no such account');
  },

  async password(facts, { db, hasher }) {
    const ids = facts.map(({ accountId }) => accountId);
    const rows = await runSql<{ account_id: string; password_hash: string }>(
      db,
      'select account_id, password_hash from passwords where account_id = any($1)',
      [ids],
    );
    const hashes = new Map(rows.map((row) => [row.account_id, row.password_hash]));
    return async ({ accountId, password }) =>
      (await hasher.verify(password, hashes.get(accountId))) ? undefined : 'the account has another password';
  },

  async suspension(facts, { db }) {
    const ids = facts.map(({ accountId }) => accountId);
    const rows = await runSql<{ id: string }>(
      db,
      'select id from accounts where id = any($1) and suspended_at is not null',
      [ids],
    );
    const suspended = new Set(rows.map(({ id }) => id));
    return ({ accountId }) => (suspended.has(accountId) ? undefined : 'the account is not suspended');
  },
};

async function searchKind<K extends FactKind>(kind: K, ledger: Ledger, evidence: Evidence): Promise<string[]> {
  const facts = ledger.facts(kind);
  if (facts.length === 0) return [];
  const reasonOf = await searches[kind](facts, evidence);
  const lost: string[] = [];
  for (const fact of facts) {
    const reason = await reasonOf(fact);
    if (reason !== undefined) lost.push(`${kind}: ${reason}`);
  }
  return lost;
}

/** @returns a line for each fact that is lost */
export async function findLostFacts(ledger: Ledger, evidence: Evidence): Promise<string[]> {
  const lost: string[] = [];
  for (const kind of Object.keys(searches) as FactKind[]) lost.push(...(await searchKind(kind, ledger, evidence)));
  return lost;
}
