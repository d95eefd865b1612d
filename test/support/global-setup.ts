/** Before all tests: a folder for all that the run makes, a PostgreSQL server, and a database in today's shape to clone. */
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { urlOf, statement, templateName } from './database.ts';

declare global {
  var testRun: { folder: string; server: EmbeddedPostgres | undefined };
}

/** Everything that the run and its processes put into the temporary folder goes here, and is removed with it. */
function makeRunFolder(): string {
  // A short name: sockets have long paths.
  const folder = mkdtempSync(join(tmpdir(), 'fd-'));
  // The database may run as another user, who walks through here.
  chmodSync(folder, 0o711);
  return folder;
}

export default async function setUp(): Promise<void> {
  const folder = makeRunFolder();
  process.env['TMPDIR'] = folder;
  // The embedded server, unless DATABASE_URL names another one.
  const url = process.env['DATABASE_URL'];
  const server = url ? undefined : await startEmbeddedPostgres(join(folder, 'database'), folder, 'command');
  globalThis.testRun = { folder, server };
  process.env['TEST_SERVER'] = url ?? server!.url;

  const name = templateName();
  const admin = openDatabase({ url: urlOf(undefined), poolSize: 1 });
  await admin.read(statement(`drop database if exists ${name}`));
  await admin.read(statement(`create database ${name}`));
  await admin.close();
  await migrate(urlOf(name));
}
