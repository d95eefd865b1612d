/** SQL for the policy. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { defaultPolicy, isPolicyName, type Policy, type PolicyName } from './policy.ts';

const selectItems = sql`select name, value from policy`;

/** The stored value of every item, or the item's default. */
export async function readPolicy(db: Database): Promise<Policy> {
  const rows = await db.read<{ name: string; value: number | string }>(selectItems);
  const stored = rows.filter(({ name }) => isPolicyName(name)).map(({ name, value }) => [name, value] as const);
  return { ...defaultPolicy, ...Object.fromEntries(stored) };
}

/** Name of the policy in the cache: that of its table, which the trigger sends (migrations/0011-policy.sql). */
const cacheName = 'policy';

/** As `readPolicy`, from memory: at most a second old. */
export const findCachedPolicy = async (db: Database): Promise<Policy> =>
  (await db.cache.find(cacheName, 'all', () => readPolicy(db)))!;

const upsertItem = sql`
  insert into policy (name, value) values ($1, $2)
  on conflict (name) do update set value = excluded.value, updated_at = now()`;

export function upsertPolicy(db: Database, name: PolicyName, value: number | string): void {
  db.cache.noteChange(cacheName);
  db.write(upsertItem, [name, JSON.stringify(value)]);
}
