/** After all tests: removes the database and the folder of the run, and kills its remaining processes. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { openDatabase } from '../../src/platform/database.ts';
import { runSql, templateName, urlOf } from './database.ts';

/** Processes with the folder of the run in their command or environment; on Linux only. */
function processesOf(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  const mentionsFolder = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(folder);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && (mentionsFolder(pid, 'cmdline') || mentionsFolder(pid, 'environ')))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

export default async function tearDown(): Promise<void> {
  const { folder, server } = globalThis.testRun;
  const admin = openDatabase({ url: urlOf(undefined), poolSize: 1 });
  await runSql(admin, `drop database if exists ${templateName}`);
  await admin.close();
  await server?.stop();
  for (const pid of processesOf(folder)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
