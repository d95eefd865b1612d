/** Registers a client on behalf of an operator. */
import { randomBytes } from 'node:crypto';
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { applyDetails, type ClientDetails } from './client-details.ts';
import { listClientRemovals } from './client-removal-repository.ts';
import { insertClient } from './client-repository.ts';
import { deleteBatch } from './remove-client.ts';
import { insertSecret } from './client-secret-repository.ts';
import { makeClientSecret } from './client-secret.ts';
import { isClientId, needsSecret, type Client, type ClientKind, type ClientMetadata } from './client.ts';
import { ownClientId } from './own-client.ts';

/** Checks metadata by the rules of the protocol, and adds the protocol's defaults. @throws Refusal `client_invalid` */
export type ClientValidator = (metadata: ClientMetadata) => Promise<ClientMetadata>;

export interface ClientRegistration extends ClientDetails {
  kind: ClientKind;
  name: string;
  /** `client_id`; a random one when left out. */
  id?: string | undefined;
}

export interface RegistrationContext {
  db: Database;
  keyring: Keyring;
  validate: ClientValidator;
  issuer: string;
  by: Actor;
}

/** @returns 128 random bits, base64url: 22 characters */
export const randomClientId = (): string => randomBytes(16).toString('base64url');

/**
 * @returns the client, and its secret if it needs one; only the digest of the secret is stored
 * @throws Refusal `argument_invalid`, `redirect_uri_invalid`, `redirect_uri_required`, `too_many_redirect_uris`,
 *   `api_unknown`, `scope_unknown`, `client_invalid`, `client_exists`, `client_being_removed`,
 *   `policy_out_of_bounds`
 */
export async function registerClient(
  { db, keyring, validate, issuer, by }: RegistrationContext,
  registration: ClientRegistration,
): Promise<{ client: Omit<Client, 'createdAt'>; secret: string | undefined }> {
  const { kind, id = randomClientId() } = registration;
  if (!isClientId(id)) throw new Refusal('argument_invalid', { field: 'id', reason: 'must_be_client_id' });
  if (id === ownClientId) throw new Refusal('client_exists', { id });
  const state = await applyDetails(db, issuer, { kind }, registration);
  const newSecret = needsSecret(state.metadata) ? makeClientSecret(keyring) : undefined;
  await validate({ ...state.metadata, client_id: id, ...(newSecret && { client_secret: newSecret.hash }) });

  const client = { id, isSelfRegistered: false, ...state };
  await db.inUnitOfWork(async () => {
    if (!(await insertClient(db, client))) {
      const isBeingRemoved = (await listClientRemovals(db, id)).length > 0;
      throw new Refusal(isBeingRemoved ? 'client_being_removed' : 'client_exists', { id });
    }
    // Deletes grants and tokens that another process issued to a removed client with this id, before it knew of the removal.
    await deleteBatch(db, id);
    if (newSecret) insertSecret(db, id, newSecret);
    recordEvent(db, { kind: 'client.registered', clientId: id, detail: { kind, by } });
  });
  return { client, secret: newSecret?.secret };
}
