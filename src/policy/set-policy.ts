/** Decides an item of the policy. Running processes follow within a second. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { upsertPolicy } from './policy-repository.ts';
import { requirePolicy } from './policy.ts';

/** @throws Refusal `policy_unknown` or `policy_out_of_bounds` */
export async function setPolicy(db: Database, name: string, seconds: number, by: Actor): Promise<void> {
  const known = requirePolicy(name, seconds);
  await db.inUnitOfWork(async () => {
    upsertPolicy(db, known, seconds);
    recordEvent(db, { kind: 'policy.changed', detail: { name: known, seconds, by } });
  });
}
