/** Clients register themselves, and read, update and delete their registration (RFC 7591, RFC 7592). */
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { randomToken, type Keyring } from '../platform/secrets.ts';
import { isDeepStrictEqual } from 'node:util';
import { findClient, insertClient, lockClient, updateClient, type StoredClient } from './client-repository.ts';
import { insertSecret } from './client-secret-repository.ts';
import { adjustSecrets, makeClientSecret } from './client-secret.ts';
import { sectorOf } from './client-uri.ts';
import { needsSecret, type ClientMetadata } from './client.ts';
import { findManagementToken, renewManagementToken, updateManagementToken } from './management-token-repository.ts';
import { randomClientId, type ClientValidator } from './register-client.ts';
import { readRegistration, type RegistrationRules } from './registration-metadata.ts';
import { consumeRegistrationToken, isRegistrationTokenUsable } from './registration-token-repository.ts';
import { digestsOfRegistrationToken } from './registration-token.ts';

export interface SelfRegistrationContext extends RegistrationRules {
  db: Database;
  keyring: Keyring;
  validate: ClientValidator;
}

/** The registration of a client, for the client information response (RFC 7591 §3.2.1). */
export interface OwnRegistration {
  id: string;
  metadata: ClientMetadata;
  createdAt: Date;
  /** A new secret; only its digest is stored. Undefined when the client needs none, or keeps the one that it has. */
  secret?: string | undefined;
}

/** Kind of the digests of management tokens. */
const managementKind = 'management-token';

/** Members of the validated metadata that are not stored. */
const notStored = new Set(['client_id', 'client_secret', 'client_secret_expires_at', 'client_id_issued_at']);

/** Validates metadata and adds the protocol's defaults, which decide whether the client needs the secret. */
async function completeMetadata(
  validate: ClientValidator,
  id: string,
  metadata: ClientMetadata,
  secretHash: string,
): Promise<ClientMetadata> {
  const complete = await validate({ ...metadata, client_id: id, client_secret: secretHash });
  return Object.fromEntries(Object.entries(complete).filter(([name]) => !notStored.has(name)));
}

/** @throws Refusal `registration_token_wrong` when the token is missing, unknown, used up or expired */
export async function requireRegistrationToken(
  { db, keyring }: SelfRegistrationContext,
  token: string | undefined,
): Promise<void> {
  const hashes = token === undefined ? [] : digestsOfRegistrationToken(keyring, token);
  const isUsable = token !== undefined && (await isRegistrationTokenUsable(db, hashes));
  if (!isUsable) throw new Refusal('registration_token_wrong');
}

/**
 * Registers a client. A refused registration does not use the token up.
 *
 * @param body the metadata, as it was sent
 * @returns the registration, and the token to manage it with (RFC 7592); only its digest is stored
 * @throws Refusal `registration_token_wrong`, `client_invalid`, `redirect_uri_invalid`, `redirect_uri_required`,
 *   `too_many_redirect_uris`
 */
export async function selfRegisterClient(
  context: SelfRegistrationContext,
  token: string,
  body: unknown,
): Promise<OwnRegistration & { managementToken: string }> {
  const { db, keyring, validate } = context;
  const { kind, metadata: requestedMetadata } = readRegistration(body, context);
  const id = randomClientId();
  const newSecret = makeClientSecret(keyring);
  const metadata = await completeMetadata(validate, id, requestedMetadata, newSecret.hash);
  const hasSecret = needsSecret(metadata);
  const managementToken = `fd_management_${randomToken()}`;
  const client = { id, kind, isFirstParty: false, isSelfRegistered: true, metadata, apis: [] };
  const createdAt = await db.inUnitOfWork(async () => {
    const isConsumed = await consumeRegistrationToken(db, digestsOfRegistrationToken(keyring, token));
    if (!isConsumed) throw new Refusal('registration_token_wrong');
    await insertClient(db, client);
    if (hasSecret) insertSecret(db, id, newSecret);
    updateManagementToken(db, id, keyring.digest(managementKind, managementToken));
    recordEvent(db, { kind: 'client.registered', clientId: id, detail: { kind, by: 'program' } });
    return (await findClient(db, id))!.createdAt;
  });
  return { id, metadata, createdAt, managementToken, secret: hasSecret ? newSecret.secret : undefined };
}

/** @throws Refusal `management_token_wrong` when the token is not this client's, or there is no such client */
export async function requireOwnRegistration(
  { db, keyring }: Pick<SelfRegistrationContext, 'db' | 'keyring'>,
  id: string,
  token: string | undefined,
): Promise<StoredClient> {
  const hashes = token === undefined ? [] : keyring.digests(managementKind, token);
  const hash = await findManagementToken(db, id, hashes);
  const client = hash && (await findClient(db, id));
  if (!client) throw new Refusal('management_token_wrong');
  // The digest is stored again under the newest key, so that an older root secret can be removed.
  if (!hash.equals(hashes[0]!)) await renewManagementToken(db, id, hashes[0]!);
  return client;
}

/**
 * A client must not move to another sector: it could link the subjects that people have in both, and nobody checks that
 * it owns the redirect URIs of the new sector.
 *
 * @throws Refusal `client_invalid`
 */
function requireSameSector(before: ClientMetadata, after: ClientMetadata): void {
  if (after['subject_type'] !== 'pairwise') return;
  if (before['subject_type'] === 'pairwise' && sectorOf(before) === sectorOf(after)) return;
  throw new Refusal('client_invalid', { field: 'subject_type', reason: 'sector_must_not_change' });
}

/**
 * Replaces all metadata of a client (RFC 7592 §2.2). The client gets a secret when it needs one and had none.
 *
 * @param body the metadata, as it was sent
 * @throws Refusal `management_token_wrong` when the client was removed meanwhile; `client_invalid`,
 *   `redirect_uri_invalid`, `redirect_uri_required`, `too_many_redirect_uris`
 */
export async function updateOwnRegistration(
  context: SelfRegistrationContext,
  client: StoredClient,
  body: unknown,
): Promise<OwnRegistration> {
  const { db, keyring, validate } = context;
  const { id, createdAt } = client;
  const { kind, metadata: requestedMetadata } = readRegistration(body, context);
  if ((body as Record<string, unknown>)['client_id'] !== id) {
    throw new Refusal('client_invalid', { field: 'client_id', reason: 'must_be_own_client_id' });
  }
  const newSecret = makeClientSecret(keyring);
  const metadata = await completeMetadata(validate, id, requestedMetadata, newSecret.hash);
  requireSameSector(client.metadata, metadata);
  const isNew = await db.inUnitOfWork(async () => {
    const current = (await lockClient(db, id)) ? await findClient(db, id) : undefined;
    if (!current) throw new Refusal('management_token_wrong');
    if (current.kind === kind && isDeepStrictEqual(current.metadata, metadata)) return false;
    updateClient(db, { ...current, kind, metadata });
    recordEvent(db, { kind: 'client.updated', clientId: id, detail: { kind, by: 'program' } });
    return adjustSecrets(db, current, needsSecret(metadata), { newSecret, by: 'program' });
  });
  return { id, metadata, createdAt, secret: isNew ? newSecret.secret : undefined };
}
