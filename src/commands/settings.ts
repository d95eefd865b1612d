/** `frontdesk settings`: every setting, its default, what it is for. */
import { settings as all } from '../settings.ts';
import { table, type Command } from './command.ts';

/** The table of the README. */
export const settingsMarkdown = (): string =>
  [
    '| Setting | Default | What it is for |',
    '| --- | --- | --- |',
    ...all.map(({ name, default: value, about, isSecret }) => {
      return `| \`${name}\`${isSecret ? ` or \`${name}_FILE\`` : ''} | ${value} | ${about} |`;
    }),
  ].join('\n');

export const settings: Command = {
  name: 'settings',
  about: 'List every setting (environment variable) with its default and what it is for.',
  options: {
    markdown: { about: 'As the table of the README.' },
    json: { about: 'For programs.' },
  },
  async run({ options, io }) {
    if (options['json']) io.out(JSON.stringify(all, undefined, 2));
    else if (options['markdown']) io.out(settingsMarkdown());
    else
      io.out(
        table(
          ['setting', 'default', 'what it is for'],
          all.map((row) => [row.name, row.default, row.about]),
        ),
      );
  },
};
