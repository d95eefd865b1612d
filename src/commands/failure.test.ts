/** What a command prints when something outside of it fails: our words, no stack. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeAfterwards, temporaryFolder } from '../../test/support/cleanup.ts';
import { errorResponse, startFakeDatabase } from '../../test/support/fake-database.ts';
import { freshDatabase, parseDatabaseUrl, runSql, type TestDatabase } from '../../test/support/database.ts';
import { freePort } from '../../test/support/listen.ts';
import { runFrontdesk } from '../../test/support/terminal.ts';
import { openDatabase } from '../platform/database.ts';
import { CommitFailed, DatabaseBusy, TextNotStorable } from '../platform/database-errors.ts';
import { randomToken } from '../platform/secrets.ts';
import { loadTexts } from '../platform/texts.ts';
import { failureText, ListenFailed } from './failure.ts';

const wordsOfNodeOrDriver =
  /\bat \S+ \(|node_modules|\.ts:\d|ECONN|ENOTFOUND|getaddrinfo|authentication failed|does not exist$/;

const settings = { ISSUER: 'https://login.example.com', SECRET: randomToken() };
/** Runs a command that needs the database. With `--new`, it creates the tables when there are none. */
const list = (databaseUrl: string, more: object = {}) =>
  runFrontdesk(['clients', 'list', '--new'], { ...settings, DATABASE_URL: databaseUrl, ...more });

async function expectFailure(databaseUrl: string, words: string): Promise<void> {
  const { code, out, error } = await list(databaseUrl);
  expect([code, out]).toEqual([1, '']);
  expect(error).toContain(words);
  expect(error).not.toMatch(wordsOfNodeOrDriver);
  expect(error.trim().split('\n')).toHaveLength(1);
}

test('no database server listens', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await expectFailure(`postgres://ann@${address}/x`, `The database server does not respond at ${address}.`);
});

test('the database server closes the connection', async () => {
  const address = await startFakeDatabase((socket) => socket.destroy());
  await expectFailure(`postgres://ann@${address}/x`, 'The database server does not respond');
});

test('the host of the database is unknown', async () => {
  await expectFailure('postgres://ann@no-such-host.invalid/x', 'No host has the name no-such-host.invalid.');
});

test.each([
  ['28P01', 'password authentication failed for user "ann"', 'The database server refuses the user or the password.'],
  ['28000', 'role "ann" does not exist', 'The database server refuses the user or the password.'],
  [
    '28000',
    'no pg_hba.conf entry for host "::1", no encryption',
    'The database server accepts this user with TLS only.',
  ],
  ['28000', 'pg_hba.conf rejects connection for host "::1"', 'The database server does not allow the user of'],
  ['53300', 'sorry, too many clients already', 'The database server that DATABASE_URL names has no free connections.'],
  ['57P03', 'the database system is starting up', 'The database server does not respond'],
])('the database server answers with %s', async (code, message, words) => {
  const address = await startFakeDatabase((socket) => socket.end(errorResponse(code, message)));
  await expectFailure(`postgres://ann:secret@${address}/x`, words);
});

test('the database server has no TLS, and DATABASE_URL asks for it', async () => {
  const address = await startFakeDatabase((socket) => socket.end('N'));
  await expectFailure(
    `postgres://ann@${address}/x?sslmode=require`,
    'The database server has no TLS, which sslmode in DATABASE_URL',
  );
});

test('the server at the address is not a PostgreSQL server', async () => {
  const address = await startFakeDatabase((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await expectFailure(`postgres://ann@${address}/x`, `The database server does not respond at ${address}.`);
  await expectFailure(
    `postgres://ann@${address}/x?sslmode=require`,
    'A TLS connection to the database server could not be opened',
  );
});

test.each([
  ['postgres://ann5:pas5/w0rd@db/x', 'cannot be read; in its user name and password, write characters other than'],
  ['postgres://ann5:1234/w0rd@db/x', 'cannot be read; in its user name and password'],
  ['postgres://ann5:pas5?w0rd@db/x', 'cannot be read; in its user name and password'],
  ['postgres://ann5:1234#w0rd@db/x', 'cannot be read; in its user name and password'],
  ['postgres://ann5:pas5%w0rd@db/x', 'cannot be read; in its user name and password'],
  ['postgres://ann5:pas5%FFw0rd@db/x', 'cannot be read; in its user name and password'],
  ['postgres://ann5:pas5 w0rd@db/x', 'cannot be read; in its user name and password'],
  ['postgres://ann5:pas5-w0rd@db:port/x', 'cannot be read; in its user name and password'],
  ['postgres://ann5:pas5-w0rd@db1,db2/x', 'names several hosts; name one'],
  ['postgres://ann5:pas5-w0rd@db1:1,db2:2/x', 'names several hosts; name one'],
  ['postgres://ann5:pas5-w0rd@/x?host=db1,db2', 'names several hosts; name one'],
  ['postgres://ann5:pas5-w0rd@db/x?sslmode=no-verify', 'has an unknown sslmode; use one of: disable, allow, prefer'],
  ['postgres://ann5:pas5-w0rd@db/x?ssl=perhaps', 'has an unknown sslmode; use one of: disable, allow, prefer'],
  ['postgres://ann5:pas5-w0rd@db/x?sslmode=verify-ca', 'has sslmode=verify-ca, which needs sslrootcert=FILE'],
  ['postgres://ann5:pas5-w0rd@db/x?sslrootcert=/no', 'names a file in sslrootcert that cannot be used (/no, ENOENT)'],
  ['postgres://ann5:pas5-w0rd@db/x?sslcert=/etc/hostname', 'names a file in sslcert that cannot be used'],
  ['postgres://ann5:pas5-w0rd@db/x?sslmode=require&sslrootcert=system', 'has sslrootcert=system, which needs sslmode'],
  ['postgres://ann5:pas5-w0rd@db/x?sslnegotiation=direct', 'has sslnegotiation=direct, which needs sslmode=require'],
  ['mysql://ann:pas5-w0rd@db/x', 'must start with postgres://'],
])('DATABASE_URL=%s is refused with the reason, and nothing of it is printed', async (url, words) => {
  const { code, out, error } = await list(url);
  expect([code, out]).toEqual([1, '']);
  expect(error).toContain(`These settings cannot be used:\n  DATABASE_URL ${words}`);
  expect(error).not.toMatch(/ann5|pas5|w0rd|1234|\bdb\d?\b/);
});

test('an @ that is not percent-encoded belongs to the password', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await expectFailure(`postgres://ann:p@ss@${address}/x`, `The database server does not respond at ${address}.`);
});

describe('on a database server', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });

  test('the database does not exist', async () => {
    const name = parseDatabaseUrl(database.url).pathname;
    await expectFailure(
      database.url.replace(name, '/no_such_database'),
      'The database that DATABASE_URL names does not',
    );
  });

  test('the database user lacks permissions', async () => {
    const db = openDatabase({ url: database.url });
    closeAfterwards(db);
    await runSql(db, 'create role frontdesk_stranger login');
    closeAfterwards(() => runSql(db, 'drop role frontdesk_stranger'));
    await runSql(db, 'revoke all on schema public from public');
    const url = database.url.replace(/\/\/[^@]*@/, '//frontdesk_stranger@');
    await expectFailure(url, 'The user of DATABASE_URL may not do this. Make it the owner of its database');
  });

  test('the server cannot listen on an address of another machine', async () => {
    const { code, error } = await runFrontdesk(['serve'], {
      ...settings,
      DATABASE_URL: database.url,
      HOST: '192.0.2.1',
      LOG_LEVEL: 'silent',
    });
    expect([code, error]).toEqual([1, '192.0.2.1:443 is not an address of this machine. Set another HOST.\n']);
  });
});

test('a server that lacks the root secret of its database closes all that it opened', async () => {
  const database = await freshDatabase();
  const environment = { ...settings, DATABASE_URL: database.url, LOG_LEVEL: 'silent' };
  expect((await runFrontdesk(['keys', 'rotate', '--now'], environment)).code).toBe(0);
  const { code, error } = await runFrontdesk(['serve'], { ...environment, SECRET: randomToken() });
  expect([code, error]).toEqual([1, expect.stringMatching(/^The database was written with another root secret\./)]);
  const db = openDatabase({ url: database.url });
  closeAfterwards(db);
  const others = 'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
  expect(await runSql(db, others)).toEqual([]);
});

test('the data folder is a file', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const { code, error } = await runFrontdesk(['clients', 'list', '--new'], { DATA_DIR: file });
  expect([code, error]).toEqual([
    1,
    expect.stringContaining(`${file}/secrets/secret cannot be used: there is a file where a folder is needed`),
  ]);
});

test('LOG_LEVEL=debug prints the stacks of the error and its causes', async () => {
  const { error } = await list('postgres://ann@127.0.0.1:1/x', { LOG_LEVEL: 'debug' });
  expect(error).toMatch(/^The database server does not respond at 127\.0\.0\.1:1\./);
  expect(error).toMatch(/\n {4}at /);
});

const systemError = (members: object) => Object.assign(new Error('what Node says'), members);
const busy = (code: string) => new DatabaseBusy('away', 'what the driver says', { cause: systemError({ code }) });

test.each([
  [systemError({ code: 'EACCES', path: '/data/secrets', syscall: 'open' }), 'may not read or write /data/secrets.'],
  [systemError({ code: 'EROFS', path: '/data', syscall: 'mkdir' }), '/data is on a file system that is read-only.'],
  [systemError({ code: 'ENOSPC', syscall: 'write' }), 'The disk is full.'],
  [systemError({ code: 'EACCES', path: '/run/x/.s.PGSQL.5432', syscall: 'connect' }), 'does not respond at /run/x/'],
  [new ListenFailed('x', { cause: systemError({ code: 'EACCES', address: '::', port: 443 }) }), 'listen on :::443.'],
  [new ListenFailed('x', { cause: systemError({ code: 'ENOTFOUND', hostname: 'desk' }) }), 'desk is not an address of'],
  [systemError({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'is not trusted (SELF_SIGNED_CERT_IN_CHAIN).'],
  [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), 'refuses the user or the password'],
  [new AggregateError([systemError({ code: 'ECONNREFUSED', address: '::1', port: 1 })]), '::1:1'],
  [new CommitFailed('rolled back', { cause: busy('08006') }), 'The database server does not respond'],
  [busy('40P01'), 'The database is busy or stopping'],
  [new TextNotStorable('x'), 'has characters that cannot be stored'],
  [new TypeError('x is not a function'), 'Something unexpected went wrong (TypeError).'],
  ['a text that was thrown', 'Something unexpected went wrong (Error).'],
])('a failure of Node or the driver has our message (%#)', (error, words) => {
  const text = failureText(loadTexts(), error);
  expect(text).toContain(words);
  expect(text).not.toMatch(/what (Node|the driver) says/);
});
