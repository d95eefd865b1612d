/** Ends sessions for good: nothing that is under way can bring them back, and every app that took part is told. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { endSessionRows, revokeGrantsOfAccount, type EndedSession } from './ending-repository.ts';
import { findSessionByUid, listSessions, listExpiredSessions } from './session-repository.ts';
import type { EndReason } from './session.ts';
import { Refusal } from '../errors.ts';

function recordEndings(db: Database, ended: EndedSession[], reason: EndReason): void {
  for (const { uid, accountId, apps } of ended) {
    if (accountId === undefined) continue;
    recordEvent(db, { kind: 'session.ended', accountId, sessionUid: uid, detail: { reason, apps } });
  }
}

/** Ends sessions with the grants that live with them. Offline access that a person allowed an app outlives them. */
export async function endSessions(db: Database, uids: string[], reason: EndReason): Promise<void> {
  await db.inUnitOfWork(async () => recordEndings(db, await endSessionRows(db, uids, reason, false), reason));
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

/** Ends all sessions of an account, or all but one. @returns how many */
export async function endAccountSessions(
  db: Database,
  accountId: string,
  reason: EndReason,
  exceptUid?: string,
): Promise<number> {
  const uids = (await listSessions(db, accountId)).map(({ uid }) => uid).filter((uid) => uid !== exceptUid);
  await endSessions(db, uids, reason);
  return uids.length;
}

/**
 * Ends everything an account can do: sessions, and the offline access it allowed. For when the account itself is in
 * question: suspended, removed, password changed.
 *
 * @param exceptUid the session in which the person asked for it
 */
export async function revokeAllAccess(
  db: Database,
  accountId: string,
  reason: EndReason,
  exceptUid?: string,
): Promise<void> {
  await db.inUnitOfWork(async () => {
    const uids = (await listSessions(db, accountId)).map(({ uid }) => uid).filter((uid) => uid !== exceptUid);
    recordEndings(db, await endSessionRows(db, uids, reason, true), reason);
    await revokeGrantsOfAccount(db, accountId, exceptUid, reason);
  });
}

const maxAtOnce = 200;

export async function endExpiredSessions(db: Database): Promise<void> {
  for (;;) {
    const uids = await listExpiredSessions(db, maxAtOnce);
    if (uids.length > 0) await endSessions(db, uids, 'expired');
    if (uids.length < maxAtOnce) return;
  }
}
