/** Removes a client, with its tokens, its grants and the consents that people gave it. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import { deleteConsentsOfClient } from '../grants/consent-repository.ts';
import { deleteGrantsOfClient } from '../grants/grant-repository.ts';
import type { Database } from '../platform/database.ts';
import { finishInBatches, type BatchOutcome } from '../platform/finish-in-batches.ts';
import { deleteArtifactsOfClient } from '../tokens/artifact-repository.ts';
import {
  claimClientRemoval,
  deleteClientRemoval,
  insertClientRemoval,
  listClientRemovals,
} from './client-removal-repository.ts';
import { deleteClient } from './client-repository.ts';
import { ownClientId } from './own-client.ts';

const batchSize = 1_000;

/** Deletes a batch of the grants, tokens and consents of a client. @returns whether nothing is left */
export async function deleteBatch(db: Database, id: string): Promise<boolean> {
  const counts = [
    await deleteGrantsOfClient(db, id, batchSize),
    await deleteArtifactsOfClient(db, id, batchSize),
    await deleteConsentsOfClient(db, id, batchSize),
  ];
  return counts.every((count) => count < batchSize);
}

/**
 * Removes everything that a client registered later with the same id could use. Of a client with very many grants the
 * rest is deleted by `finishClientRemovals`: the servers do that within a second, and commands wait for it.
 *
 * @throws Refusal `client_unknown`
 */
export async function removeClient(db: Database, id: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    if (id === ownClientId) throw new Refusal('client_unknown', { id });
    if (!(await deleteClient(db, id))) {
      // Removed before, and not finished.
      if ((await listClientRemovals(db, id)).length > 0) return;
      throw new Refusal('client_unknown', { id });
    }
    recordEvent(db, { kind: 'client.removed', clientId: id, detail: { by } });
    if (!(await deleteBatch(db, id))) insertClientRemoval(db, id);
  });
}

const continueRemoval = (db: Database, id: string): Promise<BatchOutcome> =>
  db.inUnitOfWork(async () => {
    if (!(await claimClientRemoval(db, id))) return 'taken';
    if (await deleteBatch(db, id)) deleteClientRemoval(db, id);
    return 'continued';
  });

/**
 * Finishes the removals that have begun, beside other processes that may do the same.
 *
 * @param id finishes only the removal of this client, and waits while another process works on it
 * @param signal ends it after the batch that is under way
 */
export async function finishClientRemovals(db: Database, id?: string, signal?: AbortSignal): Promise<void> {
  await finishInBatches({
    list: () => listClientRemovals(db, id),
    finishBatch: (each) => continueRemoval(db, each),
    isAwaited: id !== undefined,
    signal,
  });
}
