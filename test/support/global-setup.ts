/** Before all tests: a PostgreSQL server, and a database in today's shape to clone. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { urlOf, statement, templateName } from './database.ts';

declare global {
  var testServer: (EmbeddedPostgres & { folder: string }) | undefined;
}

/** The embedded server by default; another one when DATABASE_URL names it. */
async function findServer(): Promise<string> {
  if (process.env['DATABASE_URL']) return process.env['DATABASE_URL'];
  const folder = mkdtempSync(join(tmpdir(), 'frontdesk-test-'));
  globalThis.testServer = { ...(await startEmbeddedPostgres(folder, tmpdir(), 'command')), folder };
  return globalThis.testServer.url;
}

export default async function setUp(): Promise<void> {
  process.env['TEST_SERVER'] = await findServer();
  const name = templateName();
  const server = openDatabase({ url: urlOf(undefined), poolSize: 1 });
  await server.read(statement(`drop database if exists ${name}`));
  await server.read(statement(`create database ${name}`));
  await server.close();
  await migrate(urlOf(name));
}
