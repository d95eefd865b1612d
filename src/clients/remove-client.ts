/** Removes a client, with its tokens, its grants and the consents that people gave it. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import { deleteConsentsOfClient } from '../grants/consent-repository.ts';
import { revokeGrantsOfClient } from '../grants/grant-repository.ts';
import type { Database } from '../platform/database.ts';
import { deleteArtifactsOfClient } from '../tokens/artifact-repository.ts';
import { deleteClient } from './client-repository.ts';
import { ownClientId } from './own-client.ts';

/**
 * Removes everything that a client registered later with the same id could use.
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
