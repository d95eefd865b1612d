/** Ends sessions and revokes grants. The apps that took part in the sessions are notified. */
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { endSessionRows, revokeGrantsOfAccount, type EndedSession } from './ending-repository.ts';
import { findSessionByUid, listExpiredSessions, listSessionUids } from './session-repository.ts';
import type { EndReason } from './session.ts';

function recordEndings(db: Database, ended: EndedSession[], reason: EndReason): void {
  for (const { uid, accountId, apps } of ended) {
    if (accountId === undefined) continue;
    recordEvent(db, { kind: 'session.ended', accountId, sessionUid: uid, detail: { reason, apps } });
  }
}

/** Ends sessions and revokes their grants; grants with `offline_access` outlive the sessions. */
export async function endSessions(db: Database, uids: string[], reason: EndReason): Promise<void> {
  await db.inUnitOfWork(async () => {
    recordEndings(db, await endSessionRows(db, uids, { reason, includesOffline: false }), reason);
  });
}

/**
 * Ends one session of an account.
 *
 * @throws Refusal `session_unknown` when the account has no such session
 */
export async function endAccountSession(
  db: Database,
  accountId: string,
  uid: string,
  reason: EndReason,
): Promise<void> {
  const session = await findSessionByUid(db, uid);
  if (session?.accountId !== accountId) throw new Refusal('session_unknown');
  await endSessions(db, [uid], reason);
}

const listOtherSessions = async (db: Database, accountId: string, exceptUid: string | undefined): Promise<string[]> =>
  (await listSessionUids(db, accountId)).filter((uid) => uid !== exceptUid);

/**
 * Ends the sessions of an account.
 *
 * @param exceptUid a session that is not ended
 * @returns number of sessions ended
 */
export async function endAccountSessions(
  db: Database,
  accountId: string,
  reason: EndReason,
  exceptUid?: string,
): Promise<number> {
  const uids = await listOtherSessions(db, accountId, exceptUid);
  await endSessions(db, uids, reason);
  return uids.length;
}

/**
 * Ends the sessions of an account and revokes all its grants, those with offline access too: when the account is
 * suspended or removed, when its password changes, and when its person did not make a sign-in.
 *
 * @param exceptUid a session that is not ended; its grants are not revoked
 */
export async function revokeAllAccess(
  db: Database,
  accountId: string,
  reason: EndReason,
  exceptUid?: string,
): Promise<void> {
  await db.inUnitOfWork(async () => {
    const uids = await listOtherSessions(db, accountId, exceptUid);
    recordEndings(db, await endSessionRows(db, uids, { reason, includesOffline: true }), reason);
    await revokeGrantsOfAccount(db, accountId, exceptUid, reason);
  });
}

const batchSize = 200;

/** Ends the sessions that have expired, in batches. @param signal stops after the current batch when it is aborted */
export async function endExpiredSessions(db: Database, signal = new AbortController().signal): Promise<void> {
  while (!signal.aborted) {
    const uids = await listExpiredSessions(db, batchSize);
    if (uids.length > 0) await endSessions(db, uids, 'expired');
    if (uids.length < batchSize) return;
  }
}
