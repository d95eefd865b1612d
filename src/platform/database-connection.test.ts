/** Tests that `sslmode` of DATABASE_URL means what it means to psql, on servers with and without TLS. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificates, trustedCertificate } from '../../test/support/certificate.ts';
import { closeAfterwards, temporaryFolder } from '../../test/support/cleanup.ts';
import { statement } from '../../test/support/database.ts';
import { startPostgres } from '../../test/support/postgres.ts';
import { testWhere } from '../../test/support/where.ts';
import { failureKindOf } from '../commands/failure.ts';
import { openDatabase } from './database.ts';
import { parseDatabaseUrl } from './database-url.ts';

const hasPsql = spawnSync('psql', ['--version']).status === 0;

let folder: string;
const ports = { withTls: 0, withoutTls: 0, trusted: 0 };

beforeAll(async () => {
  folder = temporaryFolder();
  const certificates = makeCertificates('localhost');
  writeFileSync(join(folder, 'own.pem'), certificates.authority);
  writeFileSync(join(folder, 'other.pem'), makeCertificates('localhost').authority);
  const roles = ['anyhow', 'only_tls', 'only_plain'].map((name) => `create role ${name} login password 'right'`);
  const sql = `${roles.join('\n')}\n`;
  const hbaRules = [
    'host all anyhow all scram-sha-256',
    'hostssl all only_tls all scram-sha-256',
    'hostnossl all only_plain all scram-sha-256',
  ];
  ports.withTls = await startPostgres({ sql, hbaRules, certificates });
  ports.withoutTls = await startPostgres({ sql, hbaRules });
  const { key, cert: chain } = trustedCertificate('localhost');
  ports.trusted = await startPostgres({ sql, hbaRules, certificates: { key, chain, authority: '' } });
});

interface Target {
  server: keyof typeof ports;
  parameters?: string;
  host?: string;
  user?: string;
  password?: string;
}

const urlOf = ({ server, parameters = '', host = 'localhost', user = 'anyhow', password = 'right' }: Target) =>
  `postgres://${user}:${password}@${host}:${ports[server]}/postgres?${parameters.replace('FOLDER', folder)}`;

const query = "select case when ssl then 'tls' else 'plain' end as way from pg_stat_ssl where pid = pg_backend_pid()";

/** @returns `tls`, `plain`, or what failed */
async function connect(target: Target): Promise<string> {
  const db = openDatabase({ url: urlOf(target), poolSize: 1 });
  closeAfterwards(db);
  try {
    const [row] = await db.read<{ way: string }>(statement(query));
    return row!.way;
  } catch (error) {
    return failureKindOf(error);
  } finally {
    await db.close();
  }
}

/** @returns `tls`, `plain`, or `failed` */
async function connectWithPsql(target: Target): Promise<string> {
  const args = ['--no-psqlrc', '--no-password', '--tuples-only', '--no-align', '--command', query, urlOf(target)];
  const psql = spawn('psql', args, { env: { PATH: process.env['PATH'], HOME: folder } });
  let out = '';
  psql.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await new Promise((done) => psql.once('close', done));
  return out.trim() || 'failed';
}

const own = 'sslrootcert=FOLDER/own.pem';
const other = 'sslrootcert=FOLDER/other.pem';

const cases: [Target, string][] = [
  [{ server: 'withTls', parameters: 'sslmode=disable' }, 'plain'],
  [{ server: 'withTls', parameters: 'sslmode=allow' }, 'plain'],
  [{ server: 'withTls', parameters: 'sslmode=prefer' }, 'tls'],
  [{ server: 'withTls' }, 'tls'],
  [{ server: 'withTls', parameters: 'sslmode=require' }, 'tls'],
  [{ server: 'withTls', parameters: 'ssl=true' }, 'tls'],

  // A root certificate is checked in every mode.
  [{ server: 'withTls', parameters: `sslmode=require&${own}`, host: '127.0.0.1' }, 'tls'],
  [{ server: 'withTls', parameters: `sslmode=require&${other}` }, 'certificate_untrusted'],
  [{ server: 'withTls', parameters: `sslmode=prefer&${own}`, host: '127.0.0.1' }, 'tls'],
  [{ server: 'withTls', parameters: `sslmode=prefer&${other}` }, 'plain'],
  [{ server: 'withTls', parameters: `sslmode=prefer&${other}`, user: 'only_tls' }, 'certificate_untrusted'],
  [{ server: 'withTls', parameters: `sslmode=verify-ca&${own}` }, 'tls'],
  [{ server: 'withTls', parameters: `sslmode=verify-ca&${own}`, host: '127.0.0.1' }, 'tls'],
  [{ server: 'withTls', parameters: `sslmode=verify-ca&${other}` }, 'certificate_untrusted'],
  [{ server: 'withTls', parameters: `sslmode=verify-full&${own}` }, 'tls'],
  [{ server: 'withTls', parameters: `sslmode=verify-full&${own}`, host: '127.0.0.1' }, 'certificate_of_other_host'],
  [{ server: 'withTls', parameters: `sslmode=verify-full&${other}` }, 'certificate_untrusted'],
  [{ server: 'withTls', parameters: 'sslmode=verify-full' }, 'certificate_untrusted'],

  [{ server: 'withoutTls', parameters: 'sslmode=disable' }, 'plain'],
  [{ server: 'withoutTls', parameters: 'sslmode=allow' }, 'plain'],
  [{ server: 'withoutTls', parameters: 'sslmode=prefer' }, 'plain'],
  [{ server: 'withoutTls', parameters: `sslmode=prefer&${other}` }, 'plain'],
  [{ server: 'withoutTls', parameters: 'sslmode=require' }, 'database_lacks_tls'],
  [{ server: 'withoutTls', parameters: `sslmode=verify-ca&${own}` }, 'database_lacks_tls'],
  [{ server: 'withoutTls', parameters: `sslmode=verify-full&${own}` }, 'database_lacks_tls'],
  [{ server: 'withoutTls', parameters: 'sslmode=prefer', user: 'only_tls' }, 'database_demands_tls'],

  // The server decides by user.
  [{ server: 'withTls', parameters: 'sslmode=disable', user: 'only_tls' }, 'database_demands_tls'],
  [{ server: 'withTls', parameters: 'sslmode=allow', user: 'only_tls' }, 'tls'],
  [{ server: 'withTls', parameters: 'sslmode=prefer', user: 'only_plain' }, 'plain'],
  [{ server: 'withTls', parameters: 'sslmode=require', user: 'only_plain' }, 'database_not_admitted'],
  [{ server: 'withTls', parameters: 'sslmode=prefer', user: 'nobody' }, 'database_not_admitted'],
  [{ server: 'withTls', parameters: 'sslmode=allow', user: 'nobody' }, 'database_not_admitted'],

  [{ server: 'withTls', parameters: 'sslmode=prefer', password: 'wrong' }, 'database_sign_in'],
  [{ server: 'withTls', parameters: 'sslmode=disable', password: 'wrong' }, 'database_sign_in'],
  [{ server: 'withTls', parameters: 'sslmode=prefer', user: 'only_tls', password: 'wrong' }, 'database_sign_in'],
  [{ server: 'withTls', parameters: 'sslmode=allow', user: 'only_tls', password: 'wrong' }, 'database_sign_in'],
];

describe.each(cases)('%j', (target, expected) => {
  test(`connects: ${expected}`, async () => expect(await connect(target)).toBe(expected));

  testWhere(hasPsql ? undefined : 'no psql', 'as psql does', async () => {
    expect(await connectWithPsql(target)).toBe(/^(tls|plain)$/.test(expected) ? expected : 'failed');
  });
});

test.each(['sslmode=verify-full', 'sslrootcert=system', 'sslrootcert=system&sslmode=verify-full'])(
  '%s trusts what the machine and this process trust',
  async (parameters) => {
    expect(await connect({ server: 'trusted', parameters })).toBe('tls');
    expect(await connect({ server: 'trusted', parameters, host: '127.0.0.1' })).toBe('certificate_of_other_host');
    expect(await connect({ server: 'withTls', parameters })).toBe('certificate_untrusted');
  },
);

test('by a Unix socket there is no TLS, whatever the mode', () => {
  expect(parseDatabaseUrl(`postgres://u@/x?host=${folder}&sslmode=require`).attempts).toEqual([false]);
});

test('the server also closes a connection that the network has lost, within half a minute', async () => {
  const db = openDatabase({ url: urlOf({ server: 'withoutTls' }), poolSize: 1 });
  closeAfterwards(db);
  const [settings] = await db.read<Record<string, string>>(
    statement(`select current_setting('tcp_keepalives_idle') as idle, current_setting('tcp_keepalives_interval') as every,
      current_setting('tcp_keepalives_count') as count, current_setting('tcp_user_timeout') as unanswered`),
  );
  expect(settings).toEqual({ idle: '10', every: '5', count: '3', unanswered: '25000' });
});
