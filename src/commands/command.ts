/** The interface of commands, and the parser of their arguments. */
import { parseArgs } from 'node:util';
import { parseDuration } from '../policy/policy.ts';
import { nearestName } from './nearest-name.ts';

export interface Option {
  about: string;
  /** Placeholder of the value in the help; undefined for a switch. */
  value?: string;
  isRequired?: boolean;
  isRepeatable?: boolean;
}

export type Options = Record<string, string | string[] | boolean | undefined>;

export interface Invocation {
  /** The arguments that are no options, one for each name in the command's `operands`. */
  operands: string[];
  options: Options;
  io: Io;
}

/** Where a command reads its settings from and writes to. */
export interface Io {
  out(text: string): void;
  error(text: string): void;
  /** Prints the current step of a command that takes longer than a second; undefined when nobody reads it. */
  progress?: (text: string) => void;
  environment: NodeJS.ProcessEnv;
  /** Whether `--new` was given: a missing database is created. */
  mayCreateDatabase?: boolean;
  /** Issuer of the database that the command has opened; undefined until then. */
  usedIssuer?: string;
}

export interface Command {
  /** One to three words: `serve`, `clients list`, `clients secrets add`. */
  name: string;
  about: string;
  /** Whether the command changes the database; then the issuer of the database is printed at the end. */
  changesDatabase?: boolean;
  /** Names of the operands, all of them required: `['ID']`. */
  operands?: string[];
  /** Long name without dashes → option. */
  options?: Record<string, Option>;
  run(invocation: Invocation): Promise<void>;
}

/** Thrown when the arguments do not fit the command: exit code 2. The message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `frontdesk clients register --kind KIND --name NAME […]` */
export function usageOf({ name, operands = [], options = {} }: Command): string {
  const required = Object.entries(options).filter(([, option]) => option.isRequired);
  const hasOptional = required.length < Object.keys(options).length;
  const flags = required.map(([option, { value }]) => `--${option} ${value}`);
  return ['frontdesk', name, ...operands, ...flags, ...(hasOptional ? ['[…]'] : [])].join(' ');
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

/** @throws UsageError for an option that the command does not have, and for a value that is missing or not allowed */
function checkOption(command: Command, token: Extract<Token, { kind: 'option' }>): void {
  const { name, rawName, value, inlineValue } = token;
  const commandOptions = command.options ?? {};
  const option = Object.hasOwn(commandOptions, name) ? commandOptions[name] : undefined;
  if (!option) {
    const nearest = nearestName(name, Object.keys(commandOptions));
    const hint = nearest === undefined ? '' : ` Did you mean --${nearest}?`;
    throw new UsageError(`There is no option ${rawName}.${hint}`);
  }
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
  } else if (value === undefined || value === '') {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}.`);
  } else if (!inlineValue && value.startsWith('-')) {
    throw new UsageError(`${rawName} needs a value. One that begins with "-" is given as ${rawName}=${value}.`);
  }
}

/** @throws UsageError that says which argument is missing or does not fit */
export function parseInvocation(command: Command, args: string[], io: Io): Invocation {
  const optionEntries = Object.entries(command.options ?? {});
  const options = Object.fromEntries(
    optionEntries.map(([name, { value, isRepeatable = false }]) => {
      const type = value === undefined ? ('boolean' as const) : ('string' as const);
      return [name, { type, multiple: isRepeatable }];
    }),
  );
  // `strict` would show Node's own messages to people, so the tokens are checked here instead.
  const { values, positionals, tokens } = parseArgs({
    args,
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === 'option') checkOption(command, token);
  const missing = optionEntries.find(([name, option]) => option.isRequired && values[name] === undefined);
  if (missing) throw new UsageError(`--${missing[0]} is missing: ${missing[1].about}`);
  const operands = command.operands ?? [];
  if (positionals.length < operands.length) throw new UsageError(`${operands[positionals.length]} is missing.`);
  const extra = positionals[operands.length];
  if (extra !== undefined) throw new UsageError(`There is one argument too many: ${extra}`);
  return { operands: positionals, options: values, io };
}

export const stringOption = (value: Options[string]): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** The values of a repeatable option. */
export const stringListOption = (value: Options[string]): string[] => (Array.isArray(value) ? value : []);

/**
 * Names of the options whose value `--clear` removes.
 *
 * @param clearable the names that `--clear` accepts
 * @throws UsageError for another name, and for an option that is set at the same time
 */
export function clearedOptions<Name extends string>(options: Options, clearable: readonly Name[]): Set<Name> {
  const names = stringListOption(options['clear']);
  for (const name of names) {
    if (!(clearable as readonly string[]).includes(name)) {
      throw new UsageError(`--clear takes one of: ${clearable.join(', ')}.`);
    }
    if (options[name] !== undefined) throw new UsageError(`--${name} and --clear ${name} exclude each other.`);
  }
  return new Set(names as Name[]);
}

/**
 * The value of an option like `12h`, in seconds; undefined when the option is not set.
 *
 * @param name name of the option, for the message
 * @throws UsageError for a value that is no duration
 */
export function durationOption(value: Options[string], name: string): number | undefined {
  const text = stringOption(value);
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new UsageError(`--${name} must be a time like 90s, 15m, 12h or 30d.`);
  return seconds;
}

/** A table as text: columns as wide as their widest cell, under a head in capitals. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head.map((title) => title.toUpperCase())), ...rows.map(line)].join('\n');
}

/** One line for each name and its value; the values are aligned. */
export function fields(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
