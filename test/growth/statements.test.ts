/** Query plans of all statements, on a database as after months of use: none reads a large table as a whole. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import pg from 'pg';
import { closeAfterwards } from '../support/cleanup.ts';
import { freshDatabase, runSql } from '../support/database.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { fillDatabase } from '../support/full-database.ts';

const src = join(import.meta.dirname, '../../src');

/** These have few rows, however large the deployment is. */
const smallTables = [
  'apis',
  'client_apis',
  'client_removals',
  'deployment',
  'migrations',
  'pending_endings',
  'policy',
  'receiver_states',
  'registration_tokens',
  'sealed_secrets',
  'signing_keys',
];
/** No statement reads these yet. */
const unusedTables = ['external_identities'];

/** With fewer rows in a table, the planner would read it as a whole. */
const manyRows = 2_000;

/** The statements in a source file. A template of `sql` is constant (platform/statement.ts). */
const statementsIn = (path: string): [name: string, text: string][] =>
  [...readFileSync(path, 'utf8').matchAll(/(?:const (\w+) =\s*)?(?<!\.)\bsql`([^`]+)`/g)].map(
    ([, name = '', text], index) => [`${relative(src, path)} ${name || index}`, text!],
  );

const statements = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .flatMap((path) => statementsIn(join(src, path)));

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

let connection: pg.Client;

beforeAll(async () => {
  const database = await freshDatabase();
  await fillDatabase(database.url, { accounts: 20_000, sessions: 40_000, grants: 60_000, clients: manyRows });
  connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  closeAfterwards(() => connection.end());
});

/** Names of the tables with at least or fewer than `manyRows` rows. */
async function tables(size: 'large' | 'small'): Promise<string[]> {
  const { rows } = await connection.query<{ name: string }>(
    `select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and (reltuples >= $1) = $2 order by relname`,
    [manyRows, size === 'large'],
  );
  return rows.map(({ name }) => name);
}

/** The tables that a statement reads as a whole, whatever its values are. */
async function scannedBy(text: string): Promise<string[]> {
  const { rows } = await connection.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
    `explain (generic_plan, format json) ${text}`,
  );
  const nodes = nodesOf(rows[0]!['QUERY PLAN'][0]!.Plan);
  return nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']!);
}

test('all statements are found, and every table is either small or has many rows here', async () => {
  expect(statements.length).toBeGreaterThan(120);
  const withFewRows = (await tables('small')).filter((name) => !/^audit_events_(\d{6}|other)$/.test(name));
  expect(withFewRows).toEqual([...smallTables, ...unusedTables].toSorted());
});

test('G09 a statement that reads a large table as a whole is found', async () => {
  expect(await scannedBy('select * from sessions where user_agent = $1')).toEqual(['sessions']);
});

test.each(statements)('G09 %s reads no large table as a whole', async (_name, text) => {
  const large = await tables('large');
  expect((await scannedBy(text)).filter((name) => large.includes(name))).toEqual([]);
});

/** What each request of the protocol runs. */
const ofRequests = statements.filter(([name]) => /^lookups\/|exchange-repository|insertInSession/.test(name));

test('G09 the statements of requests, planned while the tables are small, read none as a whole later', async () => {
  expect(ofRequests).toHaveLength(5);
  const { url } = await freshDatabase();
  await fillDatabase(url, { accounts: 10, sessions: 20, grants: 20, clients: 5 });
  const db = openDatabase({ url });
  closeAfterwards(db);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  closeAfterwards(() => client.end());
  // The plans of a connection of requests; only the simple query protocol explains statements with parameters.
  const settings = "select name, setting from pg_settings where source = 'session' and name ~ '^enable_'";
  for (const { name, setting } of await runSql<{ name: string; setting: string }>(db, settings)) {
    await client.query(`set ${name} = ${setting}`);
  }
  for (const [name, text] of ofRequests) {
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (generic_plan, format json) ${text}`,
    );
    const nodes = nodesOf(rows[0]!['QUERY PLAN'][0].Plan).map((node) => [node['Node Type'], node['Relation Name']]);
    const unwanted = nodes.filter(
      ([type, table]) => /^(Seq Scan|Hash Join|Merge Join)$/.test(type!) && !smallTables.includes(table ?? ''),
    );
    expect([name, unwanted]).toEqual([name, []]);
  }
});
