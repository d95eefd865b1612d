/** Runs the command line. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { commands } from '../../src/commands/commands.ts';
import { help } from '../../src/commands/help.ts';
import { runCommand } from '../../src/commands/run-command.ts';
import { startNode } from './processes.ts';

export interface Outcome {
  code: number;
  out: string;
  error: string;
}

/** Runs a command in the process of the test. */
export async function runFrontdesk(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const printed = { out: '', error: '' };
  const io = {
    out: (text: string) => void (printed.out += `${text}\n`),
    error: (text: string) => void (printed.error += `${text}\n`),
    environment,
  };
  return { code: await runCommand([...commands, help(commands)], args, io), ...printed };
}

/** Starts the program as a process of its own, with the option of Node that `npm start` has. */
export function startProgram(args: string[], environment: NodeJS.ProcessEnv): ChildProcess {
  return startNode(['--max-semi-space-size=8', join(process.cwd(), 'bin/frontdesk.js'), ...args], environment);
}

/** Which progress lines are printed depends on how busy the machine is. */
const progressLines = /^.*…\n/gm;

/** Separates progress lines from all others. */
const splitProgress = (printed: string): { progress: string[]; error: string } => ({
  progress: printed.match(progressLines) ?? [],
  error: printed.replace(progressLines, ''),
});

/** Runs the program to its end. */
export async function runProgram(
  args: string[],
  environment: NodeJS.ProcessEnv,
  input = '',
): Promise<Outcome & { progress: string[] }> {
  const child = startProgram(args, environment);
  child.stdin!.end(input);
  const printed = { out: '', error: '' };
  child.stdout!.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (printed.error += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode ?? -1, out: printed.out, ...splitProgress(printed.error) };
}
