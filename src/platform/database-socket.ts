/** The socket of a database connection, which looks up its host without a thread of libuv's pool. */
import { lookup } from 'node:dns';
import { Socket, type LookupFunction } from 'node:net';
import { createResolver, HostNotResolved, toLookup } from './resolve-host.ts';

const lookupByDns = toLookup(createResolver());

/** A name that neither the hosts file nor DNS has may be known to the system in other ways (nsswitch.conf). */
const lookupHost: LookupFunction = (name, options, done) =>
  lookupByDns(name, options, (error, address, family) => {
    const isUnknown = error instanceof HostNotResolved && error.code === 'ENOTFOUND';
    return isUnknown ? lookup(name, options, done) : done(error, address, family);
  });

/** pg connects with `(port, host)`, or with the path of a Unix socket. */
class DatabaseSocket extends Socket {
  override connect(...args: unknown[]): this {
    const [port, host] = args;
    if (typeof port !== 'number' || typeof host !== 'string') return super.connect(args[0] as string);
    return super.connect({ port, host, lookup: lookupHost });
  }
}

export const openDatabaseSocket = (): Socket => new DatabaseSocket();
