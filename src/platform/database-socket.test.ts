/** Tests that database connections are opened by host name, address and path. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { closeAfterwards, temporaryFolder } from '../../test/support/cleanup.ts';
import { closeServer, listen } from '../../test/support/listen.ts';
import { openDatabaseSocket } from './database-socket.ts';

const path = join(temporaryFolder(), 'socket');
let port: number;

beforeAll(async () => {
  const createGreetingServer = () => createServer((socket) => socket.end('hello'));
  port = await listen(createGreetingServer());
  const serverAtPath = createGreetingServer();
  closeAfterwards(() => closeServer(serverAtPath));
  await once(serverAtPath.listen(path), 'listening');
});

test.each([
  ['a name in the hosts file', () => [port, 'localhost']],
  ['a name under localhost', () => [port, 'database.localhost']],
  ['an address', () => [port, '127.0.0.1']],
  ['a path', () => [path]],
] as const)('a socket connects to %s', async (_, target) => {
  const socket = openDatabaseSocket();
  (socket.connect as (...args: unknown[]) => void)(...target());
  expect(String((await once(socket, 'data'))[0])).toBe('hello');
});

test('an unknown host name is an error', async () => {
  const socket = openDatabaseSocket();
  socket.connect(port, 'unknown.invalid');
  const [error] = (await once(socket, 'error')) as [{ code: string }];
  expect(error.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
});
