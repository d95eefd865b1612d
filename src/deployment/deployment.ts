/** Binds a database to one issuer and root secret: its tokens and digests are invalid under any other. */
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { findDeployment, insertDeployment, updateSecretDigests, type Deployment } from './deployment-repository.ts';

const digestsOf = (keyring: Keyring): Buffer[] => keyring.digests('deployment', 'root secret');

/**
 * @param issuer undefined when none is configured: every issuer is accepted
 * @throws Refusal `database_of_other_issuer`, `database_of_other_secret`
 */
function requireMatch(deployment: Deployment, issuer: string | undefined, keyring: Keyring): void {
  if (issuer !== undefined && issuer !== deployment.issuer) {
    throw new Refusal('database_of_other_issuer', { issuer: deployment.issuer, configured: issuer });
  }
  const digests = digestsOf(keyring);
  const isSameSecret = deployment.secretDigests.some((stored) => digests.some((digest) => digest.equals(stored)));
  if (!isSameSecret) throw new Refusal('database_of_other_secret', { issuer: deployment.issuer });
}

/**
 * Called by servers. The first start stores the issuer and digests of the root secrets; later starts require that
 * issuer and at least one of those secrets. Each start stores the digests again, so that a secret can be replaced
 * (`SECRET=new,old`).
 *
 * @throws Refusal `database_of_other_issuer`, `database_of_other_secret`
 */
export async function claimDeployment(db: Database, keyring: Keyring, issuer: string): Promise<void> {
  await db.inUnitOfWork(async () => {
    await insertDeployment(db, { issuer, secretDigests: digestsOf(keyring) });
    requireMatch((await findDeployment(db))!, issuer, keyring);
    updateSecretDigests(db, digestsOf(keyring));
  });
}

/**
 * Called by commands. Requires the same root secret, and the same issuer if an issuer is configured.
 *
 * @returns issuer of the database; undefined before the first server started
 * @throws Refusal `database_of_other_issuer`, `database_of_other_secret`
 */
export async function checkDeployment(
  db: Database,
  keyring: Keyring,
  issuer: string | undefined,
): Promise<string | undefined> {
  const deployment = await findDeployment(db);
  if (deployment) requireMatch(deployment, issuer, keyring);
  return deployment?.issuer;
}
