/** Removes an app from a person's sessions and revokes its grants: as the person asked, or after a replayed token. */
import { recordEvent } from '../audit/audit-repository.ts';
import { deleteConsent } from '../grants/consent-repository.ts';
import { findGrant } from '../grants/grant-repository.ts';
import type { Database } from '../platform/database.ts';
import { removeAppFromSessions } from './app-removal-repository.ts';

/** Removes an app from a person's account, with its consent, which it has to request again. The app is notified. */
export async function removeApp(db: Database, accountId: string, clientId: string): Promise<void> {
  await db.inUnitOfWork(async () => {
    const grants = await removeAppFromSessions(db, { accountId, clientId, reason: 'app_removed' });
    deleteConsent(db, accountId, clientId);
    recordEvent(db, { kind: 'app.removed', accountId, clientId, detail: { grants } });
  });
}

/** Revokes the grant of a refresh token that was replayed (RFC 9700 §4.14.2). The app is notified. */
export async function revokeReplayedGrant(db: Database, grantId: string): Promise<void> {
  await db.inUnitOfWork(async () => {
    const grant = await findGrant(db, grantId);
    if (!grant) return;
    const { accountId, clientId, sessionUid } = grant;
    await removeAppFromSessions(db, { accountId, clientId, grantId, reason: 'refresh_token_reused' });
    recordEvent(db, { kind: 'refresh-token.reused', accountId, clientId, sessionUid, detail: { grantId } });
  });
}
