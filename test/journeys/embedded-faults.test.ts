/** Faults of the embedded database: it is killed or frozen, or its folder cannot be used. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomToken } from '../../src/platform/secrets.ts';
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards, temporaryFolder } from '../support/cleanup.ts';
import { becomes, eventually } from '../support/eventually.ts';
import { freePort } from '../support/listen.ts';
import { missingMounts, withMounts } from '../support/mounts.ts';
import { terminate, endOf, hasEnded } from '../support/processes.ts';
import { runProgram } from '../support/terminal.ts';
import { testWhere } from '../support/where.ts';

const bin = join(process.cwd(), 'bin/frontdesk.js');

async function newSettings() {
  const port = await freePort();
  const data = join(temporaryFolder(), 'data');
  const environment = { ISSUER: `http://idp.localhost:${port}`, DATA_DIR: data, SECRET: randomToken() };
  return { data, environment };
}

interface Server {
  process: ChildProcess;
  /** Its standard output and error. */
  output(): string;
}

/** @param mounts shell commands that are run first, in a mount namespace */
async function startServer(environment: Record<string, string>, mounts?: string): Promise<Server> {
  const command: [string, ...string[]] = [process.execPath, bin, 'serve'];
  const [program, ...args] = mounts === undefined ? command : withMounts(mounts, command);
  const { PATH, TMPDIR } = process.env;
  const child = spawn(program, args, { env: { PATH, TMPDIR, ...environment } });
  closeAfterwards(async () => {
    if (!hasEnded(child)) await terminate(child, 'SIGKILL');
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  }
  await eventually(() => printed.includes('"msg":"ready"') || hasEnded(child));
  return { process: child, output: () => printed };
}

/** Process id of the postmaster; 0 when it does not run. */
const postmasterOf = (data: string): number => {
  const path = join(data, 'postgres/postmaster.pid');
  return existsSync(path) ? Number(readFileSync(path, 'utf8').split('\n')[0]) : 0;
};

const isReady = (issuer: string) =>
  sendRequest(`${issuer}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );

const list = (environment: Record<string, string>) => runProgram(['accounts', 'list'], environment);
const create = (environment: Record<string, string>) =>
  runProgram(['accounts', 'create', '--email', 'ann@example.com'], environment, 'a password of many words\n');

test('PostgreSQL is started again after it was killed, and commands wait for it', async () => {
  const { data, environment } = await newSettings();
  const server = await startServer(environment);
  expect((await create(environment)).code).toBe(0);
  const killed = postmasterOf(data);
  process.kill(killed, 'SIGKILL');
  const { code, out } = await list(environment);
  expect([code, out]).toEqual([0, expect.stringContaining('ann@example.com')]);
  await becomes(() => isReady(environment.ISSUER), true);
  expect(postmasterOf(data)).not.toBe(killed);
  expect(server.output()).toContain('"step":"restarting_database"');
  expect(await terminate(server.process)).toBe(0);
  expect(postmasterOf(data)).toBe(0);
});

test('a server ends with a message when its PostgreSQL ends three times', async () => {
  const { data, environment } = await newSettings();
  const server = await startServer(environment);
  for (let killed = 0; killed < 3; killed += 1) {
    const pid = postmasterOf(data);
    process.kill(pid, 'SIGKILL');
    if (killed < 2) await eventually(async () => postmasterOf(data) !== pid && (await isReady(environment.ISSUER)));
  }
  expect(await endOf(server.process)).toBe(1);
  expect(server.output()).toContain(
    `\nThe embedded PostgreSQL has ended several times within a minute. The reason is in ${join(data, 'postgres.log')}.\n`,
  );
  expect(existsSync(join(data, 'owner.json'))).toBe(false);
});

test('a command asks to restart the server when the database is frozen', async () => {
  const { data, environment } = await newSettings();
  const server = await startServer(environment);
  const frozen = postmasterOf(data);
  process.kill(frozen, 'SIGSTOP');
  const { code, error } = await list(environment);
  process.kill(frozen, 'SIGCONT');
  const words = `A Frontdesk server (process ${server.process.pid}) runs on ${data}, but its database does not respond.`;
  expect([code, error]).toEqual([1, `${words} Restart that server.\n`]);
  expect((await list(environment)).code).toBe(0);
});

test('a command asks to restart the server when the database was killed and the server is frozen', async () => {
  const { data, environment } = await newSettings();
  const server = await startServer(environment);
  server.process.kill('SIGSTOP');
  process.kill(postmasterOf(data), 'SIGKILL');
  const { code, error } = await list(environment);
  server.process.kill('SIGCONT');
  expect([code, error]).toEqual([1, expect.stringContaining('does not respond. Restart that server.')]);
  await becomes(() => isReady(environment.ISSUER), true);
});

const isRoot = process.getuid?.() === 0;
const missingRoot = isRoot ? undefined : 'not run by root';
const ownerMessage = 'belongs to the user 12345, and is used by the user';

const folders: [name: string, missing: string | undefined, make: (data: string) => void, words: string][] = [
  [
    'that holds a file in place of the database',
    undefined,
    (data) => writeFileSync(join(data, 'postgres'), ''),
    'postgres is not a PostgreSQL database. Restore it from a backup',
  ],
  [
    'whose database is an empty folder',
    undefined,
    (data) => mkdirSync(join(data, 'postgres')),
    'postgres is not a PostgreSQL database. Restore it from a backup',
  ],
  [
    'with the database of another major version',
    undefined,
    (data) => {
      mkdirSync(join(data, 'postgres'));
      writeFileSync(join(data, 'postgres/PG_VERSION'), '17\n');
    },
    'postgres is a database of PostgreSQL 17, and this release has PostgreSQL 18. Start the previous release to dump',
  ],
  ['whose lock is a folder', undefined, (data) => mkdirSync(join(data, 'owner.lock')), 'owner.lock cannot be used:'],
  ['of another user', missingRoot, (data) => chownSync(data, 12_345, 12_345), `data ${ownerMessage}`],
  [
    'with the database of another user',
    missingRoot,
    (data) => {
      mkdirSync(join(data, 'postgres'));
      writeFileSync(join(data, 'postgres/PG_VERSION'), '18\n');
      chownSync(join(data, 'postgres'), 12_345, 12_345);
    },
    `postgres ${ownerMessage}`,
  ],
];

for (const [name, missing, make, words] of folders) {
  testWhere(missing, `a data folder ${name} is refused with a message`, async () => {
    const { data, environment } = await newSettings();
    mkdirSync(data, { mode: 0o700 });
    make(data);
    for (const args of [['serve'], ['accounts', 'list', '--new']]) {
      const { code, error } = await runProgram(args, environment);
      expect([code, error]).toEqual([1, expect.stringContaining(words)]);
      expect(error.trim().split('\n')).toHaveLength(1);
    }
  });
}

testWhere(missingMounts, 'a data folder on a read-only file system is refused with a message', async () => {
  const { data, environment } = await newSettings();
  mkdirSync(data, { mode: 0o700 });
  const server = await startServer(environment, `mount --bind ${data} ${data} && mount -o remount,ro,bind ${data}`);
  expect(await endOf(server.process)).toBe(1);
  expect(server.output()).toMatch(/^\/\S+ is on a file system that is read-only\. Mount it writable, [^\n]+\n$/);
});

testWhere(missingMounts, 'a data folder on a disk that is too small is refused with a message', async () => {
  const { data, environment } = await newSettings();
  mkdirSync(data, { mode: 0o700 });
  const server = await startServer(environment, `mount -t tmpfs -o size=20m,mode=0700 tmpfs ${data}`);
  expect(await endOf(server.process)).toBe(1);
  expect(server.output()).toContain(
    `The disk of ${data} is full. Free some space there, or move the folder and set DATA_DIR.`,
  );
});

testWhere(missingMounts, 'a server whose PostgreSQL ends on a full disk ends with a message', async () => {
  const { data, environment } = await newSettings();
  mkdirSync(data, { mode: 0o700 });
  const server = await startServer(environment, `mount -t tmpfs -o size=200m,mode=0700 tmpfs ${data}`);
  expect(await isReady(environment.ISSUER)).toBe(true);
  // The folder in the mount namespace of the server.
  const inside = `/proc/${server.process.pid}/root${data}`;
  spawnSync('dd', ['if=/dev/zero', `of=${inside}/filler`, 'bs=1M']);
  process.kill(postmasterOf(inside), 'SIGKILL');
  expect(await endOf(server.process)).toBe(1);
  expect(server.output()).toContain(`\nThe disk of ${data} is full. Free some space there`);
});

testWhere(
  missingMounts,
  'a server whose PostgreSQL ended on a full disk continues when there is space in time',
  async () => {
    const { data, environment } = await newSettings();
    mkdirSync(data, { mode: 0o700 });
    const server = await startServer(environment, `mount -t tmpfs -o size=200m,mode=0700 tmpfs ${data}`);
    const inside = `/proc/${server.process.pid}/root${data}`;
    spawnSync('dd', ['if=/dev/zero', `of=${inside}/filler`, 'bs=1M']);
    process.kill(postmasterOf(inside), 'SIGKILL');
    await eventually(() => server.output().includes('restarting_database'));
    rmSync(`${inside}/filler`);
    await becomes(() => isReady(environment.ISSUER), true);
    expect(await terminate(server.process)).toBe(0);
  },
);
