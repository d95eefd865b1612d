/** The known device on which a session began: the next sign-in on it ends the session, if its cookie is lost. */
import type { InteractionResults } from 'oidc-provider';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { endSessions } from '../sessions/end-session.ts';
import { listSessionsOnDevice } from '../sessions/session-repository.ts';

const kind = 'known device';

/** The digest of a device id in the result of an interaction, which is kept until the session of the sign-in is stored. */
export const deviceDigest = (keyring: Keyring, deviceId: string): string =>
  keyring.digest(kind, deviceId).toString('base64url');

/** @returns undefined unless the request resumes after a sign-in */
export function deviceHashOf(result: InteractionResults | undefined): Buffer | undefined {
  const { device } = (result?.login ?? {}) as { device?: string };
  return device === undefined ? undefined : Buffer.from(device, 'base64url');
}

/**
 * Ends the sessions of an account that began on a device and whose cookie its browser no longer has, for example because
 * the browser was closed. Nobody could sign out of them on that device.
 *
 * @param exceptUid the session whose cookie the browser has
 */
export async function endLostSessions(
  db: Database,
  keyring: Keyring,
  device: { accountId: string; deviceId: string },
  exceptUid: string | undefined,
): Promise<void> {
  const uids = await listSessionsOnDevice(db, device.accountId, keyring.digests(kind, device.deviceId));
  const lost = uids.filter((uid) => uid !== exceptUid);
  if (lost.length > 0) await endSessions(db, lost, 'signed_in_again');
}
