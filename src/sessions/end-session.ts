/** Ends sessions and revokes grants. The apps that took part in the sessions are notified. */
import { recordEvents } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import {
  endSessionRows,
  listSessionsToEnd,
  revokeGrantsOfAccount,
  type EndedSession,
  type EndingRange,
} from './ending-repository.ts';
import { insertPendingEnding, type AccountEnding } from './pending-ending-repository.ts';
import { countSessions, findSessionByUid, listExpiredSessions } from './session-repository.ts';
import type { EndReason } from './session.ts';

/** Maximum number of sessions of one batch, which takes some tenths of a second and ends them with grants and notices. */
export const batchSize = 500;

function recordEndings(db: Database, ended: EndedSession[], reason: EndReason): void {
  const events = ended.flatMap(({ uid: sessionUid, accountId, apps }) =>
    accountId === undefined
      ? []
      : [{ kind: 'session.ended' as const, accountId, sessionUid, detail: { reason, apps } }],
  );
  recordEvents(db, events);
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

/**
 * Ends one batch of an ending, in the unit of work of the caller.
 *
 * @param before sessions and grants created at this time or later are left out; `'infinity'` ends all
 * @returns whether nothing is left
 */
export async function endBatch(db: Database, ending: AccountEnding, before: EndingRange['before']): Promise<boolean> {
  const { reason, includesOffline } = ending;
  const range = { ...ending, before };
  const uids = await listSessionsToEnd(db, range, batchSize);
  if (uids.length > 0) recordEndings(db, await endSessionRows(db, uids, { reason, includesOffline }), reason);
  if (uids.length === batchSize) return false;
  return !includesOffline || (await revokeGrantsOfAccount(db, range, reason, batchSize)) < batchSize;
}

/**
 * Ends the first batch. The other sessions and grants are refused from the commit on, and ended by
 * `accounts/finish-endings.ts`, which servers run each second and commands wait for.
 *
 * @returns whether nothing is left
 */
const beginEnding = (db: Database, ending: AccountEnding): Promise<boolean> =>
  db.inUnitOfWork(async () => {
    const isFinished = await endBatch(db, ending, 'infinity');
    if (!isFinished) insertPendingEnding(db, ending);
    return isFinished;
  });

/**
 * Ends the sessions of an account.
 *
 * @param keptSessionUid a session that is not ended
 * @returns number of sessions that end
 */
export async function endAccountSessions(
  db: Database,
  accountId: string,
  reason: EndReason,
  keptSessionUid?: string,
): Promise<number> {
  return db.inUnitOfWork(async () => {
    const count = await countSessions(db, accountId, { exceptUid: keptSessionUid });
    await beginEnding(db, { accountId, reason, includesOffline: false, keptSessionUid });
    return count;
  });
}

/**
 * Ends the sessions of an account and revokes all its grants, those with offline access too: when the account is
 * suspended or removed, when its password changes, and when its person did not make a sign-in.
 *
 * @param keptSessionUid a session that is not ended; its grants are not revoked
 * @returns whether nothing is left to be ended later
 */
export async function revokeAllAccess(
  db: Database,
  accountId: string,
  reason: EndReason,
  keptSessionUid?: string,
): Promise<boolean> {
  return beginEnding(db, { accountId, reason, includesOffline: true, keptSessionUid });
}

/** Ends the sessions that have expired, in batches. @param signal stops after the current batch when it is aborted */
export async function endExpiredSessions(db: Database, signal = new AbortController().signal): Promise<void> {
  while (!signal.aborted) {
    const uids = await listExpiredSessions(db, batchSize);
    if (uids.length > 0) await endSessions(db, uids, 'expired');
    if (uids.length < batchSize) return;
  }
}
