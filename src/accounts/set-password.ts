/** Sets the password of an account, ends its sessions and revokes its grants. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { upsertPasswordHash } from '../credentials/password-repository.ts';
import { requireAcceptablePassword, type PasswordHasher } from '../credentials/password.ts';
import type { Database } from '../platform/database.ts';
import { revokeAllAccess } from '../sessions/end-session.ts';

export interface PasswordChange {
  accountId: string;
  password: string;
  by: Actor;
  /** The session in which the person changes the password; it is not ended. */
  keptSessionUid?: string;
}

/** @throws Refusal `password_short`, `password_long`, `password_repetitive` */
export async function setPassword(db: Database, hasher: PasswordHasher, change: PasswordChange): Promise<void> {
  const { accountId, password, by, keptSessionUid } = change;
  requireAcceptablePassword(password);
  const hash = await hasher.hash(password);
  await db.inUnitOfWork(async () => {
    upsertPasswordHash(db, accountId, hash);
    await revokeAllAccess(db, accountId, 'password_changed', keptSessionUid);
    recordEvent(db, { kind: 'password.changed', accountId, detail: { by } });
  });
}
