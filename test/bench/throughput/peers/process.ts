/** Runs another provider on the processor of the providers. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { start, stop } from '../../../interop/processes.ts';
import { closeAfterwards } from '../../../support/cleanup.ts';
import { childrenOf } from '../../../support/process-usage.ts';
import { sendRequest } from '../../../support/browser.ts';
import { pin, providerProcessor } from '../target.ts';

const maxStartSeconds = 180;

export interface PeerProcess {
  pid: number;
  startMilliseconds: number;
  close(): Promise<void>;
}

async function responds(url: string): Promise<boolean> {
  try {
    return (await sendRequest(url)).status === 200;
  } catch {
    return false;
  }
}

async function startOnce(command: string, args: string[], options: Parameters<typeof start>[2], url: string) {
  const begin = performance.now();
  const child: ChildProcess = start(command, args, options);
  const ended = once(child, 'close');
  while (!(await responds(url))) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`${command} ended: see ${options.log}`);
    if (performance.now() - begin > maxStartSeconds * 1000) throw new Error(`${command} does not answer`);
    await sleep(25);
  }
  return {
    child,
    startMilliseconds: performance.now() - begin,
    end: async () => {
      await stop(child);
      await ended;
    },
  };
}

/**
 * Starts a program twice: the first start does what only a first one does.
 *
 * @param url that answers with 200 when it is ready
 */
export async function startPeer(
  command: string,
  args: string[],
  options: Parameters<typeof start>[2],
  url: string,
): Promise<PeerProcess> {
  await (await startOnce(command, args, options, url)).end();
  const { child, startMilliseconds, end } = await startOnce(command, args, options, url);
  const pid = child.pid!;
  for (const each of [pid, ...childrenOf(pid)]) pin(each, providerProcessor);
  return { pid, startMilliseconds, close: closeAfterwards(end) };
}
