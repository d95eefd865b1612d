/** Apps that register themselves, and read, change and remove their registration (RFC 7591, RFC 7592). */
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { randomToken, type Keyring } from '../platform/secrets.ts';
import { findClient, insertClient, type StoredClient } from './client-repository.ts';
import { needsSecret, originsOf, type ClientMetadata } from './client.ts';
import {
  findManagementToken,
  renewManagementToken,
  updateClient,
  writeManagementToken,
} from './management-repository.ts';
import { makeClientSecret, randomClientId, type ClientValidator } from './register-client.ts';
import { sectorOf } from './client-uri.ts';
import { readRegistration, type RegistrationRules } from './registration-metadata.ts';
import { digestsOfRegistrationToken } from './registration-token.ts';
import { isRegistrationTokenLive, consumeRegistrationToken } from './registration-token-repository.ts';

export interface SelfRegistrationContext extends RegistrationRules {
  db: Database;
  keyring: Keyring;
  validate: ClientValidator;
}

/** What the app is told; secrets this once. */
export interface OwnRegistration {
  id: string;
  metadata: ClientMetadata;
  createdAt: Date;
  secret?: string | undefined;
}

const managementKind = 'management-token';

/** What is kept beside the metadata, or is the protocol's own affair. */
const notMetadata = new Set(['client_id', 'client_secret', 'client_secret_expires_at', 'client_id_issued_at']);

/** The metadata as the protocol completes it, checked with a secret where one is needed. */
async function complete(
  validate: ClientValidator,
  id: string,
  metadata: ClientMetadata,
  secretHash: string | undefined,
): Promise<ClientMetadata> {
  const whole = await validate({ ...metadata, client_id: id, ...(secretHash && { client_secret: secretHash }) });
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !notMetadata.has(name)));
}

/** @throws Refusal `registration_token_wrong` */
export async function requireRegistrationToken(
  { db, keyring }: SelfRegistrationContext,
  token: string | undefined,
): Promise<void> {
  const isLive = token !== undefined && (await isRegistrationTokenLive(db, digestsOfRegistrationToken(keyring, token)));
  if (!isLive) throw new Refusal('registration_token_wrong');
}

/**
 * Registers an app by what it says of itself. A token is used up only by a registration that is made.
 *
 * @returns the registration, and the token that the app manages it with, shown this once
 * @throws Refusal `registration_token_wrong`, `client_invalid`, `redirect_uri_invalid`, `redirect_uri_required`,
 *   `redirect_uris_many`
 */
export async function selfRegisterClient(
  context: SelfRegistrationContext,
  token: string,
  body: unknown,
): Promise<OwnRegistration & { managementToken: string }> {
  const { db, keyring, validate } = context;
  const { kind, metadata: given } = readRegistration(body, context);
  const id = randomClientId();
  const made = makeClientSecret(keyring);
  const metadata = await complete(validate, id, given, made.hash);
  const hasSecret = needsSecret(metadata);
  const managementToken = `fd_management_${randomToken()}`;
  const client: Omit<StoredClient, 'createdAt'> = {
    id,
    kind,
    isFirstParty: false,
    isSelfRegistered: true,
    metadata,
    secretHashes: hasSecret ? [made.hash] : [],
    apis: [],
  };
  await db.inUnitOfWork(async () => {
    const isTaken = await consumeRegistrationToken(db, digestsOfRegistrationToken(keyring, token));
    if (!isTaken) throw new Refusal('registration_token_wrong');
    await insertClient(db, client, originsOf(metadata));
    writeManagementToken(db, id, keyring.digest(managementKind, managementToken));
    recordEvent(db, { kind: 'client.registered', clientId: id, detail: { kind, by: 'program' } });
  });
  return { id, metadata, createdAt: new Date(), managementToken, secret: hasSecret ? made.secret : undefined };
}

/** @throws Refusal `management_token_wrong`, also when there is no such client */
export async function requireOwnRegistration(
  { db, keyring }: Pick<SelfRegistrationContext, 'db' | 'keyring'>,
  id: string,
  token: string | undefined,
): Promise<StoredClient> {
  const hashes = token === undefined ? [] : keyring.digests(managementKind, token);
  const hash = await findManagementToken(db, id, hashes);
  const client = hash && (await findClient(db, id));
  if (!client) throw new Refusal('management_token_wrong');
  // Kept under the newest key as soon as it is seen, so that an older root secret can go.
  if (!hash.equals(hashes[0]!)) await renewManagementToken(db, id, hashes[0]!);
  return client;
}

/**
 * Replaces all metadata of an app by what it says now, checked as at its registration. It gets a secret when it had
 * none and needs one now.
 *
 * @throws Refusal as selfRegisterClient and requireOwnRegistration do
 */
export async function updateOwnRegistration(
  context: SelfRegistrationContext,
  client: StoredClient,
  body: unknown,
): Promise<OwnRegistration> {
  const { db, keyring, validate } = context;
  const { id, createdAt } = client;
  const { kind, metadata: given } = readRegistration(body, context);
  const named = body as Record<string, unknown>;
  if (named['client_id'] !== id) {
    throw new Refusal('client_invalid', { field: 'client_id', reason: 'must_be_own_client_id' });
  }
  const made = makeClientSecret(keyring);
  const [kept] = client.secretHashes;
  const metadata = await complete(validate, id, given, kept ?? made.hash);
  // What the app was given before would tell how people are known in the other sector, which nobody checks is its own.
  const isPairwise = metadata['subject_type'] === 'pairwise';
  const wasSame = client.metadata['subject_type'] === 'pairwise' && sectorOf(client.metadata) === sectorOf(metadata);
  if (isPairwise && !wasSame) {
    throw new Refusal('client_invalid', { field: 'subject_type', reason: 'sector_must_not_change' });
  }
  const hasSecret = needsSecret(metadata);
  const secretHashes = hasSecret ? (kept === undefined ? [made.hash] : client.secretHashes) : [];
  await db.inUnitOfWork(async () => {
    const change = await updateClient(db, { ...client, kind, metadata, secretHashes }, originsOf(metadata));
    if (change === 'gone') throw new Refusal('management_token_wrong');
    if (change === 'changed')
      recordEvent(db, { kind: 'client.updated', clientId: id, detail: { kind, by: 'program' } });
  });
  return { id, metadata, createdAt, secret: hasSecret && kept === undefined ? made.secret : undefined };
}
