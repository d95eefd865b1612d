/** SQL for secrets that a deployment creates once. They are stored encrypted (`Keyring.seal`). */
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { sql } from '../platform/statement.ts';

const contextOf = (name: string) => `sealed_secrets.value ${name}`;

const insertSecret = sql`insert into sealed_secrets (name, value_sealed) values ($1, $2) on conflict do nothing`;
const selectSecret = sql`select value_sealed from sealed_secrets where name = $1`;
const updateSecret = sql`update sealed_secrets set value_sealed = $2 where name = $1`;

/**
 * Stores `proposal` when there is no secret of this name; when several processes do so at once, the first proposal is
 * stored. A secret that was encrypted with an older root secret is encrypted again with the newest root secret.
 *
 * @returns the stored secret
 */
export async function ensureSealedSecret(
  db: Database,
  keyring: Keyring,
  name: string,
  proposal: string,
): Promise<string> {
  await db.guard(insertSecret, [name, keyring.seal(contextOf(name), proposal)]);
  const [row] = await db.read<{ value_sealed: Buffer }>(selectSecret, [name]);
  const value = keyring.open(contextOf(name), row!.value_sealed);
  if (keyring.isStale(row!.value_sealed)) db.write(updateSecret, [name, keyring.seal(contextOf(name), value)]);
  return value;
}
