/** Revokes a grant, and with it its codes and tokens. JWT access tokens stay valid until their `exp`. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { revokeGrantRow } from './grant-repository.ts';

/** Why a grant is revoked while its session continues. Audit events store these values. */
export type RevocationReason = 'code_reused' | 'revoked_by_client' | 'signed_out_of_app';

/** Revokes a grant and records why. Does nothing when the grant was revoked already. */
export async function revokeGrant(db: Database, grantId: string, reason: RevocationReason): Promise<void> {
  await db.inUnitOfWork(async () => {
    const owner = await revokeGrantRow(db, grantId);
    if (!owner) return;
    if (reason === 'code_reused') recordEvent(db, { kind: 'code.reused', ...owner, detail: { grantId } });
    recordEvent(db, { kind: 'grant.revoked', ...owner, detail: { grantId, reason } });
  });
}
