/** Runs a command on the database: beside a running server, or on its own. */
import { openBase, type Base } from '../app.ts';
import { loadConfig } from '../config.ts';
import { createLog } from '../platform/log.ts';
import type { Io } from './command.ts';

/** Commands speak to the person who typed them; the log keeps still but for what is wrong. */
export async function withBase<T>({ environment }: Io, work: (base: Base) => Promise<T>): Promise<T> {
  const base = await openBase(loadConfig(environment), 'command', createLog('silent'));
  try {
    return await work(base);
  } finally {
    await base.close();
  }
}
