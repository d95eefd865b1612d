/** A `frontdesk serve` in a process, which can be killed and started again. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { startProgram } from './terminal.ts';

export interface ServerProcess {
  readonly port: number;
  /** 0 while it does not run. */
  readonly pid: number;
  /** Whether it has logged that it is ready. */
  readonly isReady: boolean;
  /**
   * Resolves when it is ready.
   *
   * @param settings environment variables for this start alone
   * @throws Error when it ends before it is ready
   */
  start(settings?: Record<string, string>): Promise<void>;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /**
   * Ends it by SIGTERM: it finishes its requests first.
   *
   * @returns its exit code; null when it did not run, or when a signal ended it
   */
  stop(): Promise<number | null>;
}

const running = new Set<ChildProcess>();
// A run that fails leaves no process behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @param onLine called with each line of its log */
export function createServerProcess(
  port: number,
  environment: Record<string, string>,
  onLine: (line: string) => void = () => {},
): ServerProcess {
  let child: ChildProcess | undefined;
  let isReady = false;

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const ending = child;
    child = undefined;
    isReady = false;
    if (!ending) return null;
    if (ending.exitCode === null && ending.signalCode === null) {
      const ended = once(ending, 'exit');
      ending.kill(signal);
      await ended;
    }
    return ending.exitCode;
  }

  return {
    port,
    get pid() {
      return child?.pid ?? 0;
    },
    get isReady() {
      return isReady;
    },
    async start(settings = {}) {
      const started = startProgram(['serve'], { ...environment, ...settings, PORT: String(port) });
      child = started;
      running.add(started);
      started.once('exit', () => running.delete(started));
      started.stderr!.pipe(process.stderr);
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: started.stdout! }).on('line', (line) => {
          onLine(line);
          if (line.includes('"msg":"ready"')) resolve();
        });
        started.once('exit', (code, signal) => reject(new Error(`serve ended: ${code ?? signal}`)));
      });
      isReady = child === started;
    },
    async kill() {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}
