/** A `frontdesk serve` as a process of its own, which can be killed and started again. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { startProgram } from '../support/terminal.ts';

export interface ServerProcess {
  readonly port: number;
  /** Of the process that runs. */
  readonly pid: number;
  readonly isReady: boolean;
  /** Resolves once it answers. */
  start(): Promise<void>;
  /** Kills it (SIGKILL). */
  kill(): Promise<void>;
  /** Ends it (SIGTERM), after the requests under way. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
// A bench that fails leaves no process behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function createServerProcess(port: number, environment: Record<string, string>): ServerProcess {
  let child: ChildProcess | undefined;
  let isReady = false;

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    isReady = false;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, 'exit');
    ending.kill(signal);
    await gone;
  }

  return {
    port,
    get pid() {
      return child?.pid ?? 0;
    },
    get isReady() {
      return isReady;
    },
    async start() {
      const started = startProgram(['serve'], { ...environment, PORT: String(port) });
      child = started;
      running.add(started);
      started.once('exit', () => running.delete(started));
      started.stderr!.pipe(process.stderr);
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: started.stdout! }).on('line', (line) => {
          if (line.includes('"msg":"ready"')) resolve();
        });
        started.once('exit', (code, signal) => reject(new Error(`serve ended: ${code ?? signal}`)));
      });
      isReady = child === started;
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
