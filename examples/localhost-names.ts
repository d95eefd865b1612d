/**
 * For the demo only, loaded with `node --import`: resolves names ending in `.localhost` to this machine, as browsers do
 * (RFC 6761 §6.3). Node uses the system's resolver, which does not do so on every system.
 */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';

type Done = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

const lookup = dns.lookup as (name: string, options: LookupOptions, done: Done) => void;

function lookupLocalhost(name: string, options: LookupOptions | Done, done?: Done): void {
  const [settings, finish] = typeof options === 'function' ? [{}, options] : [options, done!];
  if (!name.endsWith('.localhost')) return lookup(name, settings, finish);
  if (settings.all) return finish(null, [{ address: '127.0.0.1', family: 4 }]);
  return finish(null, '127.0.0.1', 4);
}

dns.lookup = lookupLocalhost as typeof dns.lookup;
