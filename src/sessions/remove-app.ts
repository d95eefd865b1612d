/** Takes an app away from a person: its grants, its place in their sessions, and what they had agreed to. */
import { recordEvent } from '../audit/audit-repository.ts';
import { deleteConsent } from '../grants/consent-repository.ts';
import { findGrant } from '../grants/grant-repository.ts';
import type { Database } from '../platform/database.ts';
import { removeAppFromSessions } from './ending-repository.ts';

/** The person removes an app. The app is told; when it comes again, the person is asked again. */
export async function removeApp(db: Database, accountId: string, clientId: string): Promise<void> {
  await db.inUnitOfWork(async () => {
    const grants = await removeAppFromSessions(db, { accountId, clientId, reason: 'app_removed' });
    deleteConsent(db, accountId, clientId);
    recordEvent(db, { kind: 'app.removed', accountId, clientId, detail: { grants } });
  });
}

/** A refresh token came back that was used up: somebody stole it. All that hangs on its grant ends, and the app is told. */
export async function endReusedGrant(db: Database, grantId: string): Promise<void> {
  await db.inUnitOfWork(async () => {
    const grant = await findGrant(db, grantId);
    if (!grant) return;
    const { accountId, clientId, sessionUid } = grant;
    await removeAppFromSessions(db, { accountId, clientId, grantId, reason: 'refresh_token_reused' });
    recordEvent(db, { kind: 'refresh-token.reused', accountId, clientId, sessionUid, detail: { grantId } });
  });
}
