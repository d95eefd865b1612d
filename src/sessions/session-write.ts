/** What a request writes to a session, and whether it may leave the row as it is. */
import type { AuthorizationChange, Session } from './session.ts';

export interface SessionWrite extends Omit<Session, 'authorizations' | 'createdAt' | 'lastSeenAt'> {
  /** Digest of the id under the newest key. */
  idHash: Buffer;
  /** Digests of the id under every key: the row must have one of them, unless this request rotates the id. */
  idHashes: Buffer[];
  /** Whether this request gives the session a new id. */
  isRotating: boolean;
  /** Digest of the known device that a sign-in by this request created. */
  deviceHash: Buffer | undefined;
  change: AuthorizationChange;
}

/** The row of a session in use is written at least this often, to update the times of the last request and of expiry. */
const maxUnwrittenMilliseconds = 60_000;

const compared = ({
  uid,
  accountId,
  signedInAt,
  acr,
  amr,
  isTransient,
  state,
  ip,
  userAgent,
}: Omit<Session, 'authorizations' | 'createdAt' | 'lastSeenAt' | 'expiresAt'>) =>
  JSON.stringify([uid, accountId, signedInAt, acr, amr, isTransient, state, ip, userAgent]);

/**
 * Whether a request changes nothing of a session but times, by less than a minute.
 *
 * @param loaded the session as it was read, with the digest of its id as stored
 */
export function isUnchanged(
  loaded: { session: Session; idHash: Buffer },
  write: SessionWrite,
  now = new Date(),
): boolean {
  const { session, idHash } = loaded;
  const { changed, removed } = write.change;
  return (
    !write.isRotating &&
    write.deviceHash === undefined &&
    idHash.equals(write.idHash) &&
    Object.keys(changed).length === 0 &&
    removed.length === 0 &&
    compared(session) === compared(write) &&
    now.getTime() - session.lastSeenAt.getTime() < maxUnwrittenMilliseconds &&
    Math.abs(write.expiresAt.getTime() - session.expiresAt.getTime()) < maxUnwrittenMilliseconds
  );
}
