/** Sets a person's password. Whoever got in with the old one is out at once, everywhere. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { upsertPasswordHash } from '../credentials/password-repository.ts';
import { requireAcceptablePassword, type PasswordHasher } from '../credentials/password.ts';
import type { Database } from '../platform/database.ts';
import { revokeAllAccess } from '../sessions/end-session.ts';

/**
 * @param exceptUid the session in which the person set it
 * @throws Refusal `password_short`, `password_long`, `password_blank`
 */
export async function setPassword(
  db: Database,
  hasher: PasswordHasher,
  change: { accountId: string; password: string; by: Actor; exceptUid?: string },
): Promise<void> {
  const { accountId, password, by, exceptUid } = change;
  requireAcceptablePassword(password);
  const hash = await hasher.hash(password);
  await db.inUnitOfWork(async () => {
    upsertPasswordHash(db, accountId, hash);
    await revokeAllAccess(db, accountId, 'password_changed', exceptUid);
    recordEvent(db, { kind: 'password.changed', accountId, detail: { by } });
  });
}
