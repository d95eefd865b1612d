/** After all tests: what was made is taken away again. */
import { rmSync } from 'node:fs';
import { openDatabase } from '../../src/platform/database.ts';
import { urlOf, statement, templateName } from './database.ts';

export default async function tearDown(): Promise<void> {
  const server = openDatabase({ url: urlOf(undefined), poolSize: 1 });
  await server.read(statement(`drop database if exists ${templateName()}`));
  await server.close();
  const { testServer } = globalThis;
  if (!testServer) return;
  await testServer.stop();
  rmSync(testServer.folder, { recursive: true, force: true });
}
