/** Changes an item of the policy. The database notifies the running servers. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { upsertPolicy } from './policy-repository.ts';
import { parsePolicy } from './policy.ts';

/**
 * @param text a duration such as `12h`, or one of the item's named values
 * @throws Refusal as parsePolicy does
 */
export async function setPolicy(db: Database, item: string, text: string, by: Actor): Promise<void> {
  const { name, value } = parsePolicy(item, text);
  await db.inUnitOfWork(async () => {
    upsertPolicy(db, name, value);
    recordEvent(db, { kind: 'policy.changed', detail: { name, value, by } });
  });
}
