/** Revokes a grant: every code and token that lives by it is worthless from then on, but for JWTs until their `exp`. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { revokeGrantRow } from './grant-repository.ts';

/** Why single grants end, as the audit log has it. */
export type RevocationReason = 'code_reused' | 'revoked_by_client' | 'signed_out_of_app';

/** Revokes once; a grant that is gone stays gone. */
export async function revokeGrant(db: Database, grantId: string, reason: RevocationReason): Promise<void> {
  await db.inUnitOfWork(async () => {
    const whose = await revokeGrantRow(db, grantId);
    if (!whose) return;
    if (reason === 'code_reused') recordEvent(db, { kind: 'code.reused', ...whose, detail: { grantId } });
    recordEvent(db, { kind: 'grant.revoked', ...whose, detail: { grantId, reason } });
  });
}
