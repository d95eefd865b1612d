/** Sets the claims of an account that are not columns of their own. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { updateAttributes } from './account-repository.ts';
import { requireClaims } from './claims.ts';

/**
 * Replaces the claims that `claims.ts` lists. A claim that is left out is removed.
 *
 * @throws Refusal `claims_invalid`, `account_unknown`
 */
export async function setClaims(db: Database, accountId: string, claims: unknown, by: Actor): Promise<void> {
  const checked = requireClaims(claims);
  await db.inUnitOfWork(async () => {
    if (!(await updateAttributes(db, accountId, checked))) throw new Refusal('account_unknown');
    recordEvent(db, { kind: 'account.claims-set', accountId, detail: { claims: Object.keys(checked), by } });
  });
}
