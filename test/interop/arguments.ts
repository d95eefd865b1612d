/** Arguments of `npm run interop`. */
import { parseArgs } from 'node:util';
import type { Client } from './client.ts';

/** Invalid arguments: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Arguments {
  clients: Client[];
  isHelp: boolean;
}

/** @throws UsageError */
export function readArguments(args: string[], known: readonly Client[]): Arguments {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const only = values.only ?? [];
  const unknown = only.find((name) => !known.some((client) => client.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no client ${unknown}; there are ${known.map(({ name }) => name).join(', ')}`);
  }
  const isChosen = ({ name, isQuick }: Client) =>
    only.length > 0 ? only.includes(name) : isQuick || values.quick !== true;
  return { clients: known.filter(isChosen), isHelp: values.help === true };
}

export const helpPage = [
  'Usage: npm run interop -- [--quick] [--only NAME]…',
  '',
  'Signs a person in through Frontdesk, in Chromium, with published client software.',
  '',
  '  --quick      Only the clients that install within minutes.',
  '  --only NAME  Only this client. May be repeated.',
  '',
  'Exit codes: 0 all clients that could be installed work, 1 one does not, 2 invalid arguments.',
].join('\n');
