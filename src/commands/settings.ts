/** `frontdesk settings`: every setting with its default. */
import { settings as all } from '../settings.ts';
import { table, type Command } from './command.ts';

/** The table of docs/operate.md. */
export const settingsMarkdown = (): string =>
  [
    '| Setting | Default | What it is for |',
    '| --- | --- | --- |',
    ...all.map(({ name, default: value, about, isSecret }) => {
      return `| \`${name}\`${isSecret ? ` or \`${name}_FILE\`` : ''} | ${value} | ${about} |`;
    }),
  ].join('\n');

const settingsTable = (): string => {
  const rows = all.map((setting) => [setting.name, setting.default, setting.about]);
  return table(['setting', 'default', 'what it is for'], rows);
};

export const settings: Command = {
  name: 'settings',
  about: 'List every setting (environment variable) with its default.',
  options: {
    markdown: { about: 'Print the table of docs/operate.md.' },
    json: { about: 'Print JSON.' },
  },
  async run({ options, io }) {
    if (options['json']) return io.out(JSON.stringify(all, undefined, 2));
    io.out(options['markdown'] ? settingsMarkdown() : settingsTable());
  },
};
