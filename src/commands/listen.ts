/** Makes a server listen on a port, and waits until it does. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { ListenFailed } from './failure.ts';

/** Codes of a machine that has no such address, or no IPv6 at all. */
const missingAddress = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * @param hosts addresses in the order in which they are tried: the next one when the machine does not have one
 * @returns the address that the server listens on
 * @throws ListenFailed
 */
export async function listen(server: Server, port: number, hosts: readonly string[]): Promise<string> {
  const [host = '', ...others] = hosts;
  server.listen(port, host);
  try {
    await once(server, 'listening');
    return host;
  } catch (error) {
    const isMissing = missingAddress.has((error as { code?: string }).code ?? '');
    if (isMissing && others.length > 0) return listen(server, port, others);
    throw new ListenFailed(`${host}:${port}`, { cause: error });
  }
}
