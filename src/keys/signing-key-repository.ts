/** SQL for signing keys. Private keys are stored encrypted (`Keyring.seal`). */
import type { JWK } from 'jose';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { sql } from '../platform/statement.ts';
import { publicJwk, type SigningAlgorithm, type SigningKey } from './signing-key.ts';

interface Row {
  kid: string;
  algorithm: SigningAlgorithm;
  private_jwk_sealed: Buffer;
  signs_from: Date;
  retires_at: Date | null;
}

const contextOf = (kid: string) => `signing_keys.private_jwk ${kid}`;

const toKey = (row: Row, keyring: Keyring): SigningKey => ({
  kid: row.kid,
  algorithm: row.algorithm,
  privateJwk: JSON.parse(keyring.open(contextOf(row.kid), row.private_jwk_sealed)) as JWK,
  signsFrom: row.signs_from,
  retiresAt: row.retires_at ?? undefined,
});

const selectPublished = sql`
  select kid, algorithm, private_jwk_sealed, signs_from, retires_at
  from signing_keys where removed_at is null order by signs_from desc, kid`;

/** All published keys, newest first. */
export async function listSigningKeys(db: Database, keyring: Keyring): Promise<SigningKey[]> {
  const rows = await db.read<Row>(selectPublished);
  return rows.map((row) => toKey(row, keyring));
}

const lockKeys = sql`select pg_advisory_xact_lock(hashtextextended('signing_keys', 0))`;

/** Waits until no other transaction changes signing keys, and holds the lock until the unit of work ends. */
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

/** Encrypts private keys with the newest root secret, so that older root secrets can be removed from SECRET. */
export async function resealSigningKeys(db: Database, keyring: Keyring): Promise<void> {
  for (const { kid, private_jwk_sealed: sealed } of await db.read<Row>(selectPublished)) {
    if (!keyring.isStale(sealed)) continue;
    db.write(updateSeal, [kid, keyring.seal(contextOf(kid), keyring.open(contextOf(kid), sealed))]);
  }
}

const updateRetiresAt = sql`update signing_keys set retires_at = $2 where kid = $1`;

/** @param at when the key stops signing; it stays published */
export function retireSigningKey(db: Database, kid: string, at: Date): void {
  db.write(updateRetiresAt, [kid, at]);
}

const updateRemovedAt = sql`update signing_keys set removed_at = now(), private_jwk_sealed = '' where kid = $1`;

/** Stops publishing a key and erases its private key. The row stays. */
export function removeSigningKey(db: Database, kid: string): void {
  db.write(updateRemovedAt, [kid]);
}
