/** Before all tests: makes a folder for the run, starts PostgreSQL, and migrates the database that tests clone. */
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import type { Step } from '../../src/platform/progress.ts';
import { makeTemplate } from './database.ts';

declare global {
  var testRun: { folder: string; server: EmbeddedPostgres | undefined };
}

/** The temporary folder of the run and of its processes; it is removed at the end. */
function makeRunFolder(): string {
  // The path of a socket has 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), 'fd-'));
  // PostgreSQL may run as another user, which needs access to folders in this one.
  chmodSync(folder, 0o711);
  return folder;
}

/** Prints a line before the output of Jest. */
const printStep = (step: Step): void => {
  if (step === 'making_database') process.stderr.write('Making a database for the tests…\n');
};

export default async function setUp(): Promise<void> {
  const folder = makeRunFolder();
  process.env['TMPDIR'] = folder;
  // The embedded server, unless DATABASE_URL names another one.
  const url = process.env['DATABASE_URL'];
  const server = url
    ? undefined
    : await startEmbeddedPostgres(join(folder, 'database'), folder, { role: 'command', onStep: printStep });
  globalThis.testRun = { folder, server };
  process.env['TEST_SERVER'] = url ?? server!.url;
  await makeTemplate();
}
