/** Registration tokens, which an operator hands out: the initial access tokens of RFC 7591 §3. */
import { randomUUID } from 'node:crypto';
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { randomToken, type Keyring } from '../platform/secrets.ts';
import { parseDuration } from '../policy/policy.ts';
import { deleteRegistrationToken, insertRegistrationToken } from './registration-token-repository.ts';

const digestKind = 'registration-token';
const maxDuration = '90d';
const maxSeconds = parseDuration(maxDuration)!;
const maxUses = 10_000;

/** Digests of a token under every key, newest key first; one of them is stored. */
export const digestsOfRegistrationToken = (keyring: Keyring, token: string): Buffer[] =>
  keyring.digests(digestKind, token);

export interface NewRegistrationToken {
  id: string;
  /** Shown once; only its digest is stored. */
  token: string;
  expiresAt: Date;
}

/**
 * @param limits the lifetime in seconds, and how many clients may register with the token
 * @throws Refusal `argument_invalid`
 */
export async function createRegistrationToken(
  { db, keyring }: { db: Database; keyring: Keyring },
  { seconds, uses }: { seconds: number; uses: number },
  by: Actor,
): Promise<NewRegistrationToken> {
  if (seconds > maxSeconds) {
    throw new Refusal('argument_invalid', { field: 'expires', reason: 'duration_too_long', max: maxDuration });
  }
  if (!Number.isInteger(uses) || uses < 1 || uses > maxUses) {
    throw new Refusal('argument_invalid', { field: 'uses', reason: 'must_be_between', min: 1, max: maxUses });
  }
  const token = `fd_registration_${randomToken()}`;
  const [id, expiresAt] = [randomUUID(), new Date(Date.now() + seconds * 1000)];
  await db.inUnitOfWork(async () => {
    insertRegistrationToken(db, { id, tokenHash: keyring.digest(digestKind, token), usesLeft: uses, expiresAt });
    recordEvent(db, { kind: 'registration-token.created', detail: { tokenId: id, uses, by } });
  });
  return { id, token, expiresAt };
}

/** @throws Refusal `registration_token_unknown` */
export async function removeRegistrationToken(db: Database, id: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    const isUuid = /^[0-9a-f-]{36}$/.test(id);
    if (!isUuid || !(await deleteRegistrationToken(db, id))) throw new Refusal('registration_token_unknown', { id });
    recordEvent(db, { kind: 'registration-token.removed', detail: { tokenId: id, by } });
  });
}
