/** SQL for the deployment: the issuer and the root secrets that a database belongs to. */
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

const insertRow = sql`insert into deployment (issuer, secret_digests) values ($1, $2) on conflict do nothing`;

/** Does nothing when there is a row: another server may have inserted one at the same time. */
export async function insertDeployment(db: Database, { issuer, secretDigests }: Deployment): Promise<void> {
  await db.guard(insertRow, [issuer, secretDigests]);
}

const updateDigests = sql`update deployment set secret_digests = $1`;

export function updateSecretDigests(db: Database, secretDigests: Buffer[]): void {
  db.write(updateDigests, [secretDigests]);
}

const selectMigrations = sql`select name from migrations order by id`;

/** Names of the migrations that were applied to this database. */
export async function listAppliedMigrations(db: Database): Promise<string[]> {
  return (await db.read<{ name: string }>(selectMigrations)).map(({ name }) => name);
}

const selectIsMigrated = sql`select to_regclass('migrations') is not null as is_migrated`;

/** Whether migrations were ever applied to this database. */
export async function isMigrated(db: Database): Promise<boolean> {
  const [row] = await db.read<{ is_migrated: boolean }>(selectIsMigrated);
  return row?.is_migrated ?? false;
}
