/** Programs of an interop run. Each leads a process group of its own, which is ended as a whole. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'GOPATH', 'GOFLAGS', 'GOPROXY', 'JAVA_HOME'];
// Settings of another Frontdesk, or of another client, that stand in the environment are not for these programs.
const inherited = Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
const withPrefix = /^(npm_config|pip|xdg)_/i;
const packageManagers = Object.fromEntries(Object.entries(process.env).filter(([name]) => withPrefix.test(name)));

interface Program {
  folder?: string;
  environment?: Record<string, string>;
  /** File that takes what it prints. */
  log: string;
}

const running = new Set<ChildProcess>();

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, name);
  } catch {
    // The whole group is gone.
  }
}

// The last resort, when there is no time for `stop`.
process.once('exit', () => {
  for (const child of running) signal(child, 'SIGKILL');
});

export function start(command: string, args: string[], { folder, environment, log }: Program): ChildProcess {
  const child = spawn(command, args, {
    ...(folder !== undefined && { cwd: folder }),
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = createWriteStream(log, { flags: 'a' });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  child.once('error', (error) => output.write(`${error.message}\n`));
  child.once('close', () => output.end());
  if (child.pid !== undefined) running.add(child);
  return child;
}

/** Runs a program to its end. @throws Error with the last line it printed, when it fails */
export async function run(command: string, args: string[], program: Program): Promise<string> {
  const environment = { ...(packageManagers as Record<string, string>), ...program.environment };
  const child = start(command, args, { ...program, environment });
  const printed = { out: '', all: '' };
  child.stdout!.on('data', (chunk: Buffer) => {
    printed.out += chunk.toString();
    printed.all += chunk.toString();
  });
  child.stderr!.on('data', (chunk: Buffer) => (printed.all += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  running.delete(child);
  if (code !== 0) {
    const lastLine = printed.all.trim().split('\n').at(-1) ?? '';
    throw new Error(`${command} ${args.slice(0, 2).join(' ')}: ${lastLine || `ended with ${code}`}`);
  }
  return printed.out.trim();
}

export async function stop(child: ChildProcess, patienceMilliseconds = 10_000): Promise<void> {
  if (!running.delete(child)) return;
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit').then(() => true);
    signal(child, 'SIGTERM');
    await Promise.race([gone, sleep(patienceMilliseconds, false, { ref: false })]);
  }
  // What the program itself started and left behind.
  signal(child, 'SIGKILL');
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => stop(child)));
}

/** Resolves once something answers at the address. @throws Error when the program ends, or after a minute */
export async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5000) });
      return;
    } catch {
      // Not listening yet.
    }
    if (child.exitCode !== null || child.pid === undefined) throw new Error('it ended while it was starting');
    if (Date.now() > deadline) throw new Error('it did not answer within a minute');
    await sleep(100);
  }
}
