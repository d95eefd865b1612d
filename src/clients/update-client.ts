/** Changes a client on behalf of an operator. */
import { isDeepStrictEqual } from 'node:util';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import { applyDetails, type ClientDetails, type ClientState } from './client-details.ts';
import {
  findClient,
  lockClient,
  replaceClientApis,
  updateClient as update,
  type StoredClient,
} from './client-repository.ts';
import { adjustSecrets, makeClientSecret } from './client-secret.ts';
import { needsSecret, type ClientMetadata } from './client.ts';
import { ownClientId } from './own-client.ts';
import type { RegistrationContext } from './register-client.ts';

const stateOf = ({ kind, isFirstParty, metadata, apis }: ClientState): ClientState => ({
  kind,
  isFirstParty,
  metadata,
  apis,
});

/** Names of the metadata that differs, and `apis` and `first_party` if they differ. */
function changedFields(before: ClientState, after: ClientState): string[] {
  const flat = ({ metadata, apis, isFirstParty }: ClientState): ClientMetadata => ({
    ...metadata,
    apis,
    first_party: isFirstParty,
  });
  const [previous, changed] = [flat(before), flat(after)];
  const names = new Set([...Object.keys(previous), ...Object.keys(changed)]);
  return [...names].filter((name) => !isDeepStrictEqual(previous[name], changed[name])).toSorted();
}

/**
 * Changes the members that the details name, and leaves the others unchanged.
 *
 * @returns the client, and a new secret if it now needs a secret and had none
 * @throws Refusal `client_unknown`, `client_self_registered`, `client_changed`, and those of `applyDetails`
 */
export async function updateClient(
  { db, keyring, validate, issuer, by }: RegistrationContext,
  id: string,
  details: ClientDetails,
): Promise<{ client: StoredClient; secret: string | undefined }> {
  const before = id === ownClientId ? undefined : await findClient(db, id);
  if (!before) throw new Refusal('client_unknown', { id });
  if (before.isSelfRegistered) throw new Refusal('client_self_registered', { id });
  const after = await applyDetails(db, issuer, before, details);
  const isSecretNeeded = needsSecret(after.metadata);
  const newSecret = makeClientSecret(keyring);
  await validate({ ...after.metadata, client_id: id, ...(isSecretNeeded && { client_secret: newSecret.hash }) });

  return db.inUnitOfWork(async () => {
    const current = (await lockClient(db, id)) ? await findClient(db, id) : undefined;
    if (!current) throw new Refusal('client_unknown', { id });
    if (!isDeepStrictEqual(stateOf(current), stateOf(before))) throw new Refusal('client_changed', { id });
    const fields = changedFields(before, after);
    const client = { ...current, ...after };
    if (fields.length === 0 && after.kind === before.kind) return { client, secret: undefined };
    update(db, client);
    replaceClientApis(db, id, after.apis);
    const isNew = await adjustSecrets(db, current, isSecretNeeded, { newSecret, by });
    recordEvent(db, { kind: 'client.updated', clientId: id, detail: { kind: after.kind, fields, by } });
    return { client, secret: isNew ? newSecret.secret : undefined };
  });
}
