/** `frontdesk help [COMMAND]`: all commands, the commands of one noun, or how one command is used. */
import { UsageError, usageOf, type Command } from './command.ts';
import { nearestName } from './nearest-name.ts';

/** Thrown when there is no such command: exit code 2. The message suggests another command. */
export class UnknownCommand extends UsageError {
  constructor(commands: readonly Command[], words: string[]) {
    const noun = nounOf(commands, words);
    const typed = words.slice(0, Math.max(noun.length + 1, 2));
    super(`There is no command "${typed.join(' ')}". ${hintFor(commands, noun, typed)}`);
  }
}

/** A suggestion for words that name no command. @param noun the noun that the words begin with; empty for none */
function hintFor(commands: readonly Command[], noun: string[], typed: string[]): string {
  if (noun.length === 0) {
    const nearest = nearestName(typed.join(' '), [...commands.map(({ name }) => name), ...nounsOf(commands)]);
    return nearest === undefined ? 'See: frontdesk help' : `Did you mean: frontdesk ${nearest}`;
  }
  const start = noun.join(' ');
  const verbs = commandsOf(commands, start).map(({ name }) => name.slice(start.length + 1));
  const nearest = nearestName(typed.slice(noun.length).join(' '), verbs);
  if (nearest !== undefined) return `Did you mean: frontdesk ${start} ${nearest}`;
  return `The commands of ${start}: ${verbs.join(', ')}.`;
}

/** The commands of a noun: `clients` → `clients list`, `clients show`… */
export const commandsOf = (commands: readonly Command[], noun: string): Command[] =>
  commands.filter(({ name }) => name.startsWith(`${noun} `));

/** The words that commands begin with: `clients`, `clients secrets`. */
const nounsOf = (commands: readonly Command[]): string[] => [
  ...new Set(
    commands.flatMap(({ name }) => {
      const words = name.split(' ');
      return words.slice(1).map((_, index) => words.slice(0, index + 1).join(' '));
    }),
  ),
];

/** The longest beginning of the words that is a noun; empty when there is none. */
export function nounOf(commands: readonly Command[], words: string[]): string[] {
  const nouns = nounsOf(commands);
  const length = [2, 1].find((count) => nouns.includes(words.slice(0, count).join(' '))) ?? 0;
  return words.slice(0, length);
}

/** One line for each command: its name, and what it does. */
function commandLines(commands: readonly Command[]): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
}

const overview = (commands: readonly Command[]): string =>
  [
    'Frontdesk: an OpenID Connect provider. People sign in once, and every app knows them.',
    '',
    'Usage: frontdesk COMMAND […]',
    '',
    ...commandLines(commands),
    '',
    'Commands work on the database that the settings name, whether a server runs or not. With --new a command creates',
    'the database when there is none.',
    'How a command is used: frontdesk help COMMAND. Settings: frontdesk settings. Version: frontdesk --version.',
    'Exit codes: 0 done, 1 refused or failed, 2 wrong usage.',
  ].join('\n');

const nounPage = (noun: string, commands: readonly Command[]): string =>
  [`Usage: frontdesk ${noun} COMMAND […]`, '', ...commandLines(commands)].join('\n');

/** The help for one command: usage, what it does, options. */
export function commandPage(command: Command): string {
  const options = Object.entries(command.options ?? {});
  const flags = options.map(([option, { value }]) => `--${option}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(0, ...flags.map((flag) => flag.length));
  return [
    `Usage: ${usageOf(command)}`,
    '',
    command.about,
    ...(options.length === 0 ? [] : ['', 'Options:']),
    ...options.map(([, { about, isRequired }], index) => {
      return `  ${flags[index]!.padEnd(width)}  ${about}${isRequired ? ' Required.' : ''}`;
    }),
  ].join('\n');
}

/**
 * @param words the name of a command or of a noun; none for the overview
 * @throws UnknownCommand
 */
export function helpText(commands: readonly Command[], words: string[]): string {
  const name = words.join(' ');
  if (name === '') return overview(commands);
  const command = commands.find((each) => each.name === name);
  if (command) return commandPage(command);
  const commandsOfNoun = commandsOf(commands, name);
  if (commandsOfNoun.length === 0) throw new UnknownCommand(commands, words);
  return nounPage(name, commandsOfNoun);
}

/** The help command for a list of commands. */
export const help = (commands: readonly Command[]): Command => ({
  name: 'help',
  about: 'Show all commands, the commands of one noun, or how one command is used.',
  run: async ({ operands, io }) => io.out(helpText(commands, operands)),
});
