/** What it costs an API to know who calls it: the same API, with each check in turn, in several rounds; the median counts. */
import { createHash } from 'node:crypto';
import { openDatabase } from '../../../src/platform/database.ts';
import { randomToken } from '../../../src/platform/secrets.ts';
import { runSql, urlOf } from '../../support/database.ts';
import { freePort } from '../../support/listen.ts';
import { audience } from '../../support/people-and-apps.ts';
import { startBenchDatabase, type BenchDatabase } from '../throughput/database.ts';
import { medianOf } from '../throughput/figures.ts';
import { createHttpClient } from '../throughput/http-client.ts';
import { measure, type Measured } from '../throughput/measure.ts';
import { sessionOf, signIn, type Operation } from '../throughput/operations.ts';
import { startFrontdeskTarget } from '../throughput/targets.ts';
import { driverProcessor, pin, startScript, type Target } from '../throughput/target.ts';
import { checks, type CheckName } from './checks.ts';

export interface ApisOptions {
  rounds: number;
  /** Length of each measurement. */
  seconds: number;
}

export interface ApiRow {
  check: CheckName;
  median: Measured;
}

const sessionDatabase = 'apis';
const sessionCount = 10_000;

/** Makes the sessions of an API that keeps its own. @returns the id of one */
async function makeSessions(database: BenchDatabase): Promise<string> {
  await database.create(sessionDatabase);
  const db = openDatabase({ url: urlOf(sessionDatabase), poolSize: 1 });
  const id = randomToken();
  await runSql(
    db,
    'create table api_sessions (digest bytea primary key, account text not null, expires_at timestamptz not null)',
  );
  await runSql(
    db,
    `insert into api_sessions
     select sha256(number::text::bytea), number::text, now() + interval '1 day' from generate_series(2, ${sessionCount}) number
     union all select $1, 'ann', now() + interval '1 day'`,
    [createHash('sha256').update(id).digest()],
  );
  await runSql(db, 'vacuum analyze api_sessions');
  await db.close();
  return id;
}

/** @param tokenFor makes the token of a connection */
const callApi = (tokenFor: () => Promise<string>): Operation => ({
  name: 'call',
  async prepare(_target, client) {
    const headers = { authorization: `Bearer ${await tokenFor()}` };
    return async () => {
      const { status, body } = await client.get('/notes', headers);
      if (status !== 200) throw new Error(`the API answers ${status}: ${body}`);
    };
  },
});

/** Starts the API with one of the checks. */
async function startApi(check: CheckName, frontdesk: Target): Promise<Target> {
  const port = await freePort();
  const { app, issuer } = frontdesk;
  const script = await startScript('../apis/api-server.ts', {
    PORT: String(port),
    CHECK: check,
    ISSUER: issuer,
    AUDIENCE: audience,
    CLIENT: `${app.id}:${app.secret}`,
    INTROSPECTION_PORT: String(frontdesk.port),
    DATABASE_URL: urlOf(sessionDatabase),
  });
  const databases = {
    none: undefined,
    jwt: undefined,
    session: sessionDatabase,
    introspection: frontdesk.databaseName,
  };
  const databaseName = databases[check];
  return {
    ...frontdesk,
    name: check,
    issuer: `http://127.0.0.1:${port}`,
    port,
    pid: script.pid,
    ...(check === 'introspection' && { helperPid: frontdesk.pid }),
    databasePid: databaseName === undefined ? undefined : frontdesk.databasePid,
    databaseName,
    close: () => script.close(),
  };
}

export async function measureApis({ rounds, seconds }: ApisOptions): Promise<ApiRow[]> {
  pin(process.pid, driverProcessor);
  const database = await startBenchDatabase();
  const frontdesk = await startFrontdeskTarget(database);
  const session = await makeSessions(database);
  const client = createHttpClient(new URL(frontdesk.issuer).host, frontdesk.port, 16);
  const signInFor = async (parameters: Record<string, string>) =>
    (await signIn(frontdesk, client, await sessionOf(frontdesk, client), parameters)).access_token;
  const tokens: Record<CheckName, () => Promise<string>> = {
    none: async () => 'anything',
    jwt: () => signInFor({ resource: audience, scope: 'openid notes:read' }),
    session: async () => session,
    introspection: () => signInFor({}),
  };
  const apis = new Map<CheckName, { target: Target; measured: Measured[] }>();
  try {
    for (const check of checks) apis.set(check, { target: await startApi(check, frontdesk), measured: [] });
    for (let round = 0; round < rounds; round += 1) {
      for (const [check, { target, measured }] of apis) {
        measured.push(await measure(target, callApi(tokens[check]), seconds, database));
      }
    }
  } finally {
    client.close();
    for (const { target } of apis.values()) await target.close();
    await frontdesk.close();
  }
  return [...apis].map(([check, { measured }]) => ({ check, median: medianOf(measured) }));
}
