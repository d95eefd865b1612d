/** What a command is, and how its words on the command line are read. */
import { parseArgs } from 'node:util';
import { parseDuration } from '../policy/policy.ts';

export interface Option {
  about: string;
  /** Shown in place of the value; absent for a switch. */
  value?: string;
  isRequired?: boolean;
  isRepeatable?: boolean;
}

export type Options = Record<string, string | string[] | boolean | undefined>;

export interface Invocation {
  /** Words after the command's name. */
  words: string[];
  options: Options;
  io: Io;
}

/** Where a command reads from and writes to. */
export interface Io {
  out(text: string): void;
  error(text: string): void;
  environment: NodeJS.ProcessEnv;
}

export interface Command {
  /** One or two words: `serve`, `clients list`. */
  name: string;
  about: string;
  /** Names of the words it needs, such as `ID`. */
  words?: string[];
  options?: Record<string, Option>;
  run(invocation: Invocation): Promise<void>;
}

/** The words on the command line do not fit the command: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usageOf = ({ name, words = [], options = {} }: Command): string => {
  const needed = Object.entries(options).filter(([, option]) => option.isRequired);
  const isMore = needed.length < Object.keys(options).length;
  return [
    'frontdesk',
    name,
    ...words,
    ...needed.map(([flag, { value }]) => `--${flag} ${value}`),
    ...(isMore ? ['[…]'] : []),
  ].join(' ');
};

/** @throws UsageError naming what is missing or unknown */
export function parseInvocation(command: Command, args: string[], io: Io): Invocation {
  const known = command.options ?? {};
  const options = Object.fromEntries(
    Object.entries(known).map(([flag, { value, isRepeatable = false }]) => [
      flag,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: isRepeatable },
    ]),
  );
  let parsed: { values: object; positionals: string[] };
  try {
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const values = parsed.values as Options;
  const missing = Object.entries(known).find(([flag, option]) => option.isRequired && values[flag] === undefined);
  if (missing) throw new UsageError(`--${missing[0]} is missing: ${missing[1].about}`);
  const wanted = command.words ?? [];
  if (parsed.positionals.length < wanted.length)
    throw new UsageError(`${wanted[parsed.positionals.length]} is missing`);
  const extra = parsed.positionals[wanted.length];
  if (extra !== undefined) throw new UsageError(`"${extra}" is one word too many`);
  return { words: parsed.positionals, options: values, io };
}

export const one = (value: Options[string]): string | undefined => (typeof value === 'string' ? value : undefined);
export const many = (value: Options[string]): string[] => (Array.isArray(value) ? value : []);

/** A time such as `12h`, in seconds. @throws UsageError */
export function duration(value: Options[string], flag: string): number | undefined {
  const text = one(value);
  const seconds = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && seconds === undefined) throw new UsageError(`--${flag} must be like 90s, 15m, 12h or 30d`);
  return seconds;
}

/** Rows in columns as wide as their widest cell. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head.map((title) => title.toUpperCase())), ...rows.map(line)].join('\n');
}
