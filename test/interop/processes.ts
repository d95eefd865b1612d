/** Runs the programs of an interop run. Each has a process group of its own, which is ended as a whole. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const inheritedNames = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'GOPATH', 'GOFLAGS', 'GOPROXY', 'JAVA_HOME'];
// The programs get these variables only, not settings of another Frontdesk or client.
const inherited = Object.fromEntries(
  inheritedNames.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
);
const packageManagerPrefix = /^(npm_config|pip|xdg)_/i;
const packageManagers = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => packageManagerPrefix.test(name)),
);

interface Program {
  folder?: string;
  environment?: Record<string, string>;
  /** File to which its output is appended. */
  log: string;
}

const running = new Set<ChildProcess>();

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, name);
  } catch {
    // The group has ended.
  }
}

// For an exit without `stop`.
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

/** Runs a program to its end. @returns its standard output @throws Error with its last line of output, when it fails */
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
    throw new Error(`${command} ${args.slice(0, 2).join(' ')}: ${lastLine || `exit code ${code}`}`);
  }
  return printed.out.trim();
}

/** Ends a program by SIGTERM, or by SIGKILL after `patienceMilliseconds`, and all processes of its group. */
export async function stop(child: ChildProcess, patienceMilliseconds = 10_000): Promise<void> {
  if (!running.delete(child)) return;
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit').then(() => true);
    signal(child, 'SIGTERM');
    await Promise.race([ended, sleep(patienceMilliseconds, false, { ref: false })]);
  }
  // Processes that the program has started.
  signal(child, 'SIGKILL');
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => stop(child)));
}

/** Waits until there is a response at the address. @throws Error when the program ends, or after a minute */
export async function untilResponding(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5000) });
      return;
    } catch {
      // Not listening yet.
    }
    if (child.exitCode !== null || child.pid === undefined) throw new Error('the program ended while it was starting');
    if (Date.now() > deadline) throw new Error('the program did not respond within a minute');
    await sleep(100);
  }
}
