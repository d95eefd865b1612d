/** Removes an API: no more tokens for it. Those that are out live to their `exp`. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { deleteApi } from './api-repository.ts';

/** @throws Refusal `api_unknown` */
export async function removeApi(db: Database, audience: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    if (!(await deleteApi(db, audience))) throw new Refusal('api_unknown', { audience });
    recordEvent(db, { kind: 'api.removed', detail: { audience, by } });
  });
}
