/** SQL for the deployment that a database belongs to. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';

export interface Deployment {
  issuer: string;
  /** Keyed digests of a constant text, one for each root secret in use. */
  secretDigests: Buffer[];
}

const selectDeployment = sql`select issuer, secret_digests from deployment`;

export async function findDeployment(db: Database): Promise<Deployment | undefined> {
  const [row] = await db.read<{ issuer: string; secret_digests: Buffer[] }>(selectDeployment);
  return row && { issuer: row.issuer, secretDigests: row.secret_digests };
}

const insertIfNone = sql`insert into deployment (issuer, secret_digests) values ($1, $2) on conflict do nothing`;

/** Of several servers that start at once, one writes the row. */
export async function insertDeployment(db: Database, { issuer, secretDigests }: Deployment): Promise<void> {
  await db.guard(insertIfNone, [issuer, secretDigests]);
}

const setSecretDigests = sql`update deployment set secret_digests = $1`;

export function updateSecretDigests(db: Database, secretDigests: Buffer[]): void {
  db.write(setSecretDigests, [secretDigests]);
}

const findMigrations = sql`select to_regclass('migrations') is not null as is_migrated`;

/** Whether a server or a command has ever prepared this database. */
export async function isMigrated(db: Database): Promise<boolean> {
  const [row] = await db.read<{ is_migrated: boolean }>(findMigrations);
  return row?.is_migrated ?? false;
}
