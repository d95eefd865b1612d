/** SQL for signing keys. The private half is sealed; the key to it is not in the database. */
import type { JWK } from 'jose';
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { Keyring } from '../platform/secrets.ts';
import { publicJwk, type SigningAlgorithm, type SigningKey } from './signing-key.ts';

interface Row {
  kid: string;
  algorithm: SigningAlgorithm;
  private_jwk_sealed: Buffer;
  signs_from: Date;
  retires_at: Date | null;
}

const contextOf = (kid: string) => `signing_keys.private_jwk ${kid}`;

const selectKeys = sql`
  select kid, algorithm, private_jwk_sealed, signs_from, retires_at
  from signing_keys where removed_at is null order by signs_from desc, kid`;

/** All keys that are published. */
export async function listSigningKeys(db: Database, keyring: Keyring): Promise<SigningKey[]> {
  const rows = await db.read<Row>(selectKeys);
  return rows.map((row) => toKey(row, keyring));
}

const toKey = (row: Row, keyring: Keyring): SigningKey => ({
  kid: row.kid,
  algorithm: row.algorithm,
  privateJwk: JSON.parse(keyring.open(contextOf(row.kid), row.private_jwk_sealed)) as JWK,
  signsFrom: row.signs_from,
  retiresAt: row.retires_at ?? undefined,
});

const lockKeys = sql`select pg_advisory_xact_lock(hashtextextended('signing_keys', 0))`;

/** Waits until no other process makes or retires keys; held to the end of the unit of work. */
export async function lockSigningKeys(db: Database): Promise<void> {
  await db.guard(lockKeys);
}

const insertKey = sql`
  insert into signing_keys (kid, algorithm, public_jwk, private_jwk_sealed, signs_from)
  values ($1, $2, $3, $4, $5)`;

export function insertSigningKey(db: Database, keyring: Keyring, key: SigningKey): void {
  const sealed = keyring.seal(contextOf(key.kid), JSON.stringify(key.privateJwk));
  db.write(insertKey, [key.kid, key.algorithm, publicJwk(key), sealed, key.signsFrom]);
}

const updateSeal = sql`update signing_keys set private_jwk_sealed = $2 where kid = $1`;

/** Seals again, under the newest secret, what an older one sealed, so that the older one can be taken away. */
export async function resealSigningKeys(db: Database, keyring: Keyring): Promise<void> {
  for (const { kid, private_jwk_sealed: sealed } of await db.read<Row>(selectKeys)) {
    if (!keyring.isStale(sealed)) continue;
    db.write(updateSeal, [kid, keyring.seal(contextOf(kid), keyring.open(contextOf(kid), sealed))]);
  }
}

const retire = sql`update signing_keys set retires_at = $2 where kid = $1`;

export function retireSigningKey(db: Database, kid: string, at: Date): void {
  db.write(retire, [kid, at]);
}

// The private half has been of no use since it retired; now the public half is of none either.
const remove = sql`update signing_keys set removed_at = now(), private_jwk_sealed = '' where kid = $1`;

export function removeSigningKey(db: Database, kid: string): void {
  db.write(remove, [kid]);
}
