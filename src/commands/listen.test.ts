/** Tests which address a server listens on. */
import { createServer, Server } from 'node:http';
import { closeAfterwards } from '../../test/support/cleanup.ts';
import { freePort } from '../../test/support/listen.ts';
import { ListenFailed } from './failure.ts';
import { listen } from './listen.ts';

/** An address of the documentation range, which no machine has (RFC 3849). */
const absent = '2001:db8::1';

const newServer = () => {
  const server = createServer();
  closeAfterwards(() => server.close());
  return server;
};

test('a server listens on the next address when the machine does not have the first one', async () => {
  const server = newServer();
  expect(await listen(server, await freePort(), [absent, '127.0.0.1'])).toBe('127.0.0.1');
  expect(server.address()).toMatchObject({ address: '127.0.0.1', family: 'IPv4' });
});

/** Stands for a kernel without IPv6 (`ipv6.disable=1`), where no socket of that family can be made. */
class ServerWithoutIpv6 extends Server {
  override listen(...args: unknown[]): this {
    if (args[1] !== '::') return super.listen(...(args as [number, string]));
    const error = Object.assign(new Error('listen EAFNOSUPPORT'), { code: 'EAFNOSUPPORT', address: '::' });
    process.nextTick(() => this.emit('error', error));
    return this;
  }
}

test('a server listens on IPv4 when the kernel has no IPv6', async () => {
  const server = new ServerWithoutIpv6();
  closeAfterwards(() => server.close());
  expect(await listen(server, await freePort(), ['::', '0.0.0.0'])).toBe('0.0.0.0');
  expect(server.address()).toMatchObject({ family: 'IPv4' });
});

test('an address that is set and absent is an error', async () => {
  await expect(listen(newServer(), await freePort(), [absent])).rejects.toThrow(ListenFailed);
});

test('a port that is taken is an error on the first address', async () => {
  const port = await freePort();
  await listen(newServer(), port, ['127.0.0.1']);
  await expect(listen(newServer(), port, ['127.0.0.1', '0.0.0.0'])).rejects.toThrow(ListenFailed);
});
