/** Tests a server in a network namespace without IPv6. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { randomToken } from '../../src/platform/secrets.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { freshDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/listen.ts';
import { terminate, hasEnded } from '../support/processes.ts';
import { testWhere } from '../support/where.ts';

const namespace = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--net', '--'];
const turnOffIpv6 = 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set lo up && exec "$@"';
const withoutIpv6 = ['sh', '-c', turnOffIpv6, 'sh'];
const [program, ...namespaceArgs] = [...namespace, ...withoutIpv6] as [string, ...string[]];

const mayMakeNamespace = spawnSync(program, [...namespaceArgs, 'true']).status === 0;
// A process in the namespace reaches the database by its Unix socket only.
const hasSocket = process.env['TEST_SERVER']?.includes('@/') === true;
const missingRequirement = mayMakeNamespace
  ? hasSocket
    ? undefined
    : 'the database of the tests has no Unix socket'
  : 'this user may not make a network namespace';

testWhere(missingRequirement, 'without HOST, a server listens on IPv4 where IPv6 is turned off', async () => {
  const database = await freshDatabase();
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'],
    ISSUER: 'https://login.example.com',
    PORT: String(port),
    SECRET: randomToken(),
    DATABASE_URL: database.url,
  };
  const command = [process.execPath, join(process.cwd(), 'bin/frontdesk.js'), 'serve'];
  const server = spawn(program, [...namespaceArgs, ...command], { env });
  closeAfterwards(() => {
    if (!hasEnded(server)) server.kill('SIGKILL');
  });
  let printed = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  }
  await eventually(() => printed.includes('"msg":"ready"') || hasEnded(server));
  const request = `fetch('http://127.0.0.1:${port}/readyz').then(async (it) => console.log(await it.text()))`;
  const inNamespace = ['--target', String(server.pid), '--net', '--', process.execPath, '--eval', request];
  const enter = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
  const { stdout, stderr } = spawnSync('nsenter', [...enter, ...inNamespace], { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['ready\n\n', '']);
  expect(await terminate(server)).toBe(0);
});
