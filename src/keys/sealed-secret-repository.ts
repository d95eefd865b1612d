/** SQL for secrets that are made once. They are sealed; the key to them is not in the database. */
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { Keyring } from '../platform/secrets.ts';

const contextOf = (name: string) => `sealed_secrets.value ${name}`;

const insert = sql`insert into sealed_secrets (name, value_sealed) values ($1, $2) on conflict do nothing`;
const select = sql`select value_sealed from sealed_secrets where name = $1`;
const reseal = sql`update sealed_secrets set value_sealed = $2 where name = $1`;

/**
 * Returns what is kept, or keeps `proposal` when nothing is: of several processes at once, one has its way. Sealed
 * again under the newest secret where an older one sealed it.
 */
export async function ensureSealedSecret(
  db: Database,
  keyring: Keyring,
  name: string,
  proposal: string,
): Promise<string> {
  await db.guard(insert, [name, keyring.seal(contextOf(name), proposal)]);
  const [row] = await db.read<{ value_sealed: Buffer }>(select, [name]);
  const value = keyring.open(contextOf(name), row!.value_sealed);
  if (keyring.isStale(row!.value_sealed)) db.write(reseal, [name, keyring.seal(contextOf(name), value)]);
  return value;
}
