/** The PostgreSQL of a comparison: one server for all providers, which counts their statements. */
import { openDatabase } from '../../../src/platform/database.ts';
import { closeAfterwards, temporaryFolder } from '../../support/cleanup.ts';
import { makeTemplate, runSql, urlOf } from '../../support/database.ts';
import { freePort } from '../../support/listen.ts';
import { makeCluster, startPostgresServer } from '../../support/postgres-server.ts';
import { pin, providerProcessor } from './target.ts';

/** What a database was asked since the last reset. */
export interface StatementCount {
  text: string;
  calls: number;
  /** Time of execution, all calls together. */
  milliseconds: number;
}

export interface BenchDatabase {
  pid: number;
  /** On 127.0.0.1, without a password, as the user `frontdesk`. */
  port: number;
  /** Makes an empty database. */
  create(name: string): Promise<void>;
  resetStatements(): Promise<void>;
  /** What one of the databases was asked; undefined when the server cannot count. The slowest first. */
  statementsOf(database: string): Promise<StatementCount[] | undefined>;
}

const settings = ['max_connections=200', 'shared_buffers=256MB', 'compute_query_id=on'];
const counting = 'shared_preload_libraries=pg_stat_statements';

/** Starts it on the processor of the providers. Writes are durable, as PostgreSQL has it by default. */
export async function startBenchDatabase(): Promise<BenchDatabase> {
  process.env['TMPDIR'] = temporaryFolder();
  const port = await freePort();
  const start = async (more: string[]) => {
    const home = temporaryFolder();
    return startPostgresServer(home, await makeCluster(home), { tcpPort: port, settings: [...settings, ...more] });
  };
  let canCount = true;
  const server = await start([counting]).catch(() => {
    canCount = false;
    return start([]);
  });
  pin(server.pid!, providerProcessor);
  process.env['TEST_SERVER'] = server.url;
  await makeTemplate();
  const admin = openDatabase({ url: urlOf(undefined), poolSize: 1 });
  closeAfterwards(() => admin.close());
  if (canCount) {
    canCount = await runSql(admin, 'create extension pg_stat_statements').then(
      () => true,
      () => false,
    );
  }
  return {
    pid: server.pid!,
    port,
    async create(name) {
      await runSql(admin, `create database ${name}`);
    },
    async resetStatements() {
      if (canCount) await runSql(admin, 'select pg_stat_statements_reset()');
    },
    async statementsOf(database) {
      if (!canCount) return undefined;
      return runSql<StatementCount>(
        admin,
        `select query as text, sum(calls)::float8 as calls, sum(total_exec_time)::float8 as milliseconds
         from pg_stat_statements join pg_database on oid = dbid where datname = $1
         group by query order by sum(total_exec_time) desc`,
        [database],
      );
    },
  };
}
