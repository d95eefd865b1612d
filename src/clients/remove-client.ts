/** Removes a client, and with it all that people granted it. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { deleteClient } from './client-repository.ts';
import { ownClientId } from './own-client.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { deleteArtifactsOfClient } from '../tokens/artifact-repository.ts';
import { deleteConsentsOfClient } from '../grants/consent-repository.ts';
import { revokeGrantsOfClient } from '../grants/grant-repository.ts';

/**
 * The grants are revoked and the tokens deleted, so that they stay dead even if a client of the same id is registered later.
 *
 * @throws Refusal `client_unknown`
 */
export async function removeClient(db: Database, id: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    if (id === ownClientId || !(await deleteClient(db, id))) throw new Refusal('client_unknown', { id });
    revokeGrantsOfClient(db, id);
    deleteArtifactsOfClient(db, id);
    deleteConsentsOfClient(db, id);
    recordEvent(db, { kind: 'client.removed', clientId: id, detail: { by } });
  });
}
