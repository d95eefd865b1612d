/** Starts processes of tests, and ends them afterwards. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeAfterwards } from './cleanup.ts';
import { patienceMilliseconds } from './eventually.ts';

export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** Waits for the end of a process. @returns its exit code; null when a signal ended it */
export async function endOf(child: ChildProcess): Promise<number | null> {
  if (!hasEnded(child)) await once(child, 'exit');
  return child.exitCode;
}

/** Sends a signal, SIGTERM by default, and waits for the end of the process. @returns its exit code; null when a signal ended it */
export function terminate(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  child.kill(signal);
  return endOf(child);
}

/** Ends a process by SIGTERM, or by SIGKILL when it does not end in time. */
async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new AbortController();
  const kill = sleep(patienceMilliseconds / 2, undefined, { signal: ended.signal }).then(
    () => child.kill('SIGKILL'),
    () => {},
  );
  await terminate(child);
  ended.abort();
  await kill;
}

/**
 * Starts Node with the given environment, PATH and TMPDIR alone. The process is ended at the end of the test file.
 *
 * @param args of Node
 * @param folder working folder; the checkout by default
 */
export function startNode(args: string[], environment: NodeJS.ProcessEnv, folder = process.cwd()): ChildProcess {
  const { PATH, TMPDIR } = process.env;
  const child = spawn(process.execPath, args, {
    env: { PATH, TMPDIR, ...environment },
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  closeAfterwards(() => end(child));
  return child;
}
