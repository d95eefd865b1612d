/** Reads the input of commands: passwords from the terminal or a pipe, and JSON files. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UsageError } from './command.ts';

/**
 * Reads one line of standard input; what is typed at a terminal is not shown. A password is never an argument, because
 * other processes of the machine can read arguments.
 *
 * @param prompt printed to standard error when the input is a terminal
 * @throws UsageError when the input ends without a line
 */
export async function readPassword(prompt: string): Promise<string> {
  const isTerminal = process.stdin.isTTY;
  if (isTerminal) process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: isTerminal });
  for await (const line of lines) {
    lines.close();
    if (isTerminal) process.stderr.write('\n');
    return line;
  }
  throw new UsageError('The password is missing: type it, or pipe one line into the command.');
}

/** The words for why a file could not be read or parsed. */
function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EISDIR') return 'is a folder, not a file';
  if (code !== undefined) return `cannot be read (${code})`;
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  return `is not JSON${line === undefined ? '' : `: look at line ${line}, column ${column}`}`;
}

/** @throws UsageError when the file cannot be read, or holds anything but one JSON object */
export function readJsonFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`The file ${path} ${fileProblem(error)}.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`The file ${path} must hold one JSON object.`);
  }
  return value as Record<string, unknown>;
}
