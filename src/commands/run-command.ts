/** Finds and runs a command; prints errors in words, without a stack, and returns the exit code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processEnvironment } from '../config.ts';
import { loadTexts } from '../platform/texts.ts';
import { parseInvocation, UsageError, usageOf, type Command, type Io } from './command.ts';
import { failureText, stacksOf } from './failure.ts';
import { helpText, nounOf, UnknownCommand } from './help.ts';

const exitCodes = { done: 0, failed: 1, wrongUsage: 2 } as const;

/** An option of every command that opens the database: a missing database is created. */
const newDatabaseOption = '--new';

const isHelp = (argument: string | undefined): boolean => argument === '--help' || argument === '-h';

function findCommand(commands: readonly Command[], args: string[]): { command: Command; rest: string[] } | undefined {
  // A name has three words at most.
  for (const length of [3, 2, 1]) {
    const command = commands.find(({ name }) => name === args.slice(0, length).join(' '));
    if (command) return { command, rest: args.slice(length) };
  }
  return undefined;
}

function version(): string {
  const path = join(import.meta.dirname, '../../package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Runs the command that the arguments name. @throws UnknownCommand, UsageError, and the errors of the command */
async function runArguments(commands: readonly Command[], args: string[], io: Io): Promise<void> {
  const [first] = args;
  if (first === '--version') return io.out(`frontdesk ${version()}`);
  if (first === undefined || isHelp(first)) return io.out(helpText(commands, []));
  const noun = nounOf(commands, args);
  const next = args[noun.length];
  if (noun.length > 0 && (next === undefined || isHelp(next))) return io.out(helpText(commands, noun));
  const match = findCommand(commands, args);
  if (!match) throw new UnknownCommand(commands, args);
  const { command, rest } = match;
  if (command.name === 'help') return command.run({ operands: rest, options: {}, io });
  if (rest.some(isHelp)) return io.out(helpText(commands, [command.name]));
  const commandArgs = rest.filter((argument) => argument !== newDatabaseOption);
  const commandIo: Io = { ...io, mayCreateDatabase: commandArgs.length < rest.length };
  await command.run(parseInvocation(command, commandArgs, commandIo));
  if (command.changesDatabase && commandIo.usedIssuer !== undefined) io.error(`at ${commandIo.usedIssuer}`);
}

/** @returns the exit code: 0 done, 1 refused or failed, 2 wrong usage */
export async function runCommand(commands: readonly Command[], args: string[], io: Io): Promise<number> {
  try {
    await runArguments(commands, args, io);
    return exitCodes.done;
  } catch (error) {
    if (error instanceof UsageError) {
      const command = error instanceof UnknownCommand ? undefined : findCommand(commands, args)?.command;
      io.error(command ? `${error.message}\nUsage: ${usageOf(command)}` : error.message);
      return exitCodes.wrongUsage;
    }
    io.error(failureText(loadTexts(), error));
    if (io.environment['LOG_LEVEL'] === 'debug') io.error(stacksOf(error));
    return exitCodes.failed;
  }
}

export const processIo: Io = {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  progress: (text) => void process.stderr.write(`${text}\n`),
  environment: processEnvironment,
};
