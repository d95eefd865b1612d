/** Finds a command by its words, runs it, and turns what goes wrong into words and an exit code. */
import { ConfigProblems, processEnvironment } from '../config.ts';
import { Refusal } from '../errors.ts';
import { DataFolderTaken } from '../platform/data-owner.ts';
import { EmbeddedPostgresFailed } from '../platform/postgres-program.ts';
import { FolderNotOurs } from '../platform/private-folder.ts';
import { loadTexts } from '../platform/texts.ts';
import { parseInvocation, UsageError, usageOf, type Command, type Io } from './command.ts';
import { PortTaken } from './serve.ts';

const done = 0;
const failed = 1;
const notUnderstood = 2;

/** Things that can go wrong on a machine and say themselves what to do. */
const plain = [ConfigProblems, DataFolderTaken, EmbeddedPostgresFailed, FolderNotOurs, PortTaken];

function find(commands: readonly Command[], args: string[]): { command: Command; rest: string[] } | undefined {
  for (const length of [2, 1]) {
    const command = commands.find(({ name }) => name === args.slice(0, length).join(' '));
    if (command) return { command, rest: args.slice(length) };
  }
  return undefined;
}

export async function runCommand(commands: readonly Command[], args: string[], io: Io): Promise<number> {
  const wanted = args[0] === '--help' || args[0] === '-h' || args.length === 0 ? ['help'] : args;
  const found = find(commands, wanted);
  if (!found) {
    io.error(`There is no command "${args.slice(0, 2).join(' ')}". See: frontdesk help`);
    return notUnderstood;
  }
  const { command, rest } = found;
  try {
    if (rest.includes('--help')) return await runCommand(commands, ['help', command.name], io);
    const isHelp = command.name === 'help';
    const invocation = isHelp ? { words: rest, options: {}, io } : parseInvocation(command, rest, io);
    await command.run(invocation);
    return done;
  } catch (error) {
    if (error instanceof UsageError) {
      io.error(`${error.message}\nUsage: ${usageOf(command)}`);
      return notUnderstood;
    }
    if (error instanceof Refusal) io.error(loadTexts()(`refusals.${error.code}`, error.values));
    else if (plain.some((kind) => error instanceof kind)) io.error((error as Error).message);
    else io.error(String((error as Error).stack ?? error));
    return failed;
  }
}

export const processIo: Io = {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  environment: processEnvironment,
};
