/** `frontdesk help [COMMAND]`: a page to read. */
import { usageOf, type Command } from './command.ts';

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'Frontdesk: check in once at Frontdesk, and every site knows you.',
    '',
    'Usage: frontdesk COMMAND […]',
    '',
    ...commands.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`),
    '',
    'Commands work beside a running server or on their own, on the database that the settings name.',
    'More about one of them: frontdesk help COMMAND. Settings: frontdesk settings.',
    'Exit codes: 0 done, 1 turned down or failed, 2 not understood.',
  ].join('\n');
}

export function pageOf(command: Command): string {
  const options = Object.entries(command.options ?? {});
  const flags = options.map(([flag, { value }]) => `--${flag}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(0, ...flags.map((flag) => flag.length));
  return [
    `Usage: ${usageOf(command)}`,
    '',
    command.about,
    ...(options.length === 0 ? [] : ['', 'Options:']),
    ...options.map(([, { about, isRequired }], index) => {
      return `  ${flags[index]!.padEnd(width)}  ${about}${isRequired ? ' Needed.' : ''}`;
    }),
  ].join('\n');
}

export const help = (commands: readonly Command[]): Command => ({
  name: 'help',
  about: 'Show what there is, or how one command is used.',
  async run({ words, io }) {
    const command = commands.find(({ name }) => name === words.join(' '));
    io.out(command ? pageOf(command) : overview(commands));
  },
});
