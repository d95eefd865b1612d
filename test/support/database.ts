/** A database of its own for each test file, cloned from one that was migrated once. */
import { randomBytes } from 'node:crypto';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { type Statement } from '../../src/platform/statement.ts';
import { closeAfterwards } from './cleanup.ts';

/** A statement of any SQL text, under a random name. */
export const statement = (text: string): Statement => ({ name: randomBytes(8).toString('hex'), text });

/** Runs SQL of a test, also an update or insert, which commits by itself outside of a unit of work. @returns the rows */
export const runSql = <Row = Record<string, unknown>>(db: Database, text: string, values?: unknown[]): Promise<Row[]> =>
  db.read<Row>(statement(text), values);

/** Name of the migrated database that each test database is cloned from. */
export const templateName = 'frontdesk_test_template';

/**
 * Parses the URL of a database. For a Unix socket it has no host (`postgres://user@/name?host=…`), which `new URL`
 * refuses, so the host `socket` is inserted.
 */
export const parseDatabaseUrl = (url: string): URL => new URL(url.replace('@/', '@socket/'));

/** The URL of a database on the PostgreSQL server of this run; of the server's default database when no name is given. */
export function urlOf(name: string | undefined): string {
  const address = parseDatabaseUrl(process.env['TEST_SERVER']!);
  if (name !== undefined) address.pathname = `/${name}`;
  return address.href.replace('@socket/', '@/');
}

/** Makes the migrated database, anew. */
export async function makeTemplate(): Promise<void> {
  const admin = openDatabase({ url: urlOf(undefined), poolSize: 1 });
  await runSql(admin, `drop database if exists ${templateName}`);
  await runSql(admin, `create database ${templateName}`);
  await admin.close();
  await migrate(urlOf(templateName));
}

export interface TestDatabase {
  name: string;
  url: string;
  drop(): Promise<void>;
}

/** Creates a database that is dropped after the tests of the file. @param isEmpty without the migrations */
export async function freshDatabase({ isEmpty = false } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const onServer = async (text: string) => {
    const server = openDatabase({ url: urlOf(undefined), poolSize: 1 });
    await runSql(server, text);
    await server.close();
  };
  await onServer(`create database ${name} template ${isEmpty ? 'template1' : templateName}`);
  const drop = closeAfterwards(() => onServer(`drop database if exists ${name} with (force)`));
  return { name, url: urlOf(name), drop };
}

/** All rows of all tables as text: what a copy of the database holds. */
export async function dump(db: Database): Promise<string> {
  const tables = await db.read<{ name: string }>(
    statement(`select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`),
  );
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await db.read<{ row: string }>(statement(`select t::text as row from ${name} t`));
      return `-- ${name}\n${rows.map(({ row }) => row).join('\n')}`;
    }),
  );
  return texts.join('\n');
}

/** `dump` without the tables of the job queue, which change without requests. */
export const dumpWithoutJobs = async (db: Database): Promise<string> =>
  (await dump(db)).replace(/-- graphile_worker\.\w+\n[^]*?(?=-- \w+\.|$)/g, '');
