/** Tests that the commands in README.md, docs/ and examples/ exist and have their options; they are not executed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { commands } from '../../src/commands/commands.ts';
import { help } from '../../src/commands/help.ts';
import { runCommand } from '../../src/commands/run-command.ts';
import { formatPolicyValue, policyItems } from '../../src/policy/policy.ts';

const documents = [
  ...['README.md', 'examples/README.md'],
  ...readdirSync('docs').map((name) => `docs/${name}`),
  ...readdirSync('examples').map((name) => `examples/${name}/example.env`),
];
const files = documents.filter((path) => /\.(md|env)$/.test(path) && existsSync(path));
/** Names of the commands that the documents mention. */
const found = new Set<string>();
/** The commands, replaced by functions that only record their names. */
const recordingCommands = commands.map((command) => ({ ...command, run: async () => void found.add(command.name) }));

/** Splits a line into words as a shell does, up to a comment, a pipe or a redirection. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => ({
    text: double ?? single ?? bare!,
    isBare: bare !== undefined,
  }));
  const end = words.findIndex(({ text, isBare }) => isBare && /^[#|>&;]/.test(text));
  return words.slice(0, end === -1 ? undefined : end).map(({ text }) => text);
}

/** The text of a file, with lines that a backslash continues joined, also in comments of .env files. */
const textOf = (file: string): string => readFileSync(file, 'utf8').replace(/ \\\n#? */g, ' ');

const documented = files.flatMap((file) =>
  [...textOf(file).matchAll(/(?:npx --no-install |`)frontdesk ([^\n`]+)/g)].map(
    ([, line]) => [file, line!.trim()] as const,
  ),
);

test.each(documented)('%s: frontdesk %s', async (_file, line) => {
  const printed: string[] = [];
  const io = { out: () => {}, error: (text: string) => void printed.push(text), environment: {} };
  const code = await runCommand([...recordingCommands, help(recordingCommands)], wordsOf(line), io);
  expect([code, printed]).toEqual([0, []]);
});

test('every command is documented', () => {
  expect(commands.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
});

test('docs/operate.md has the items of the policy with their defaults', () => {
  const rows = Object.entries(policyItems).map(
    ([name, { default: value, about }]) => `| \`${name}\` | ${formatPolicyValue(value)} | ${about} |`,
  );
  expect(readFileSync('docs/operate.md', 'utf8')).toContain(`\n${rows.join('\n')}\n\n`);
});
