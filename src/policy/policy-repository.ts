/** SQL for what the operator decided. */
import { type Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import { defaultPolicy, isPolicyName, type Policy, type PolicyName } from './policy.ts';

const select = sql`select name, value from policy`;

/** Every item: what was decided, else the default. */
export async function readPolicy(db: Database): Promise<Policy> {
  const rows = await db.read<{ name: string; value: number | string }>(select);
  const decided = rows.filter(({ name }) => isPolicyName(name)).map(({ name, value }) => [name, value] as const);
  return { ...defaultPolicy, ...Object.fromEntries(decided) };
}

const upsert = sql`
  insert into policy (name, value) values ($1, $2)
  on conflict (name) do update set value = excluded.value, updated_at = now()`;

export function upsertPolicy(db: Database, name: PolicyName, value: number | string): void {
  db.write(upsert, [name, JSON.stringify(value)]);
}
