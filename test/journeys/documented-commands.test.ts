/** Every command in README.md and docs/ is one that the program knows, with options it has; nothing is executed. */
import { readdirSync, readFileSync } from 'node:fs';
import { parseInvocation } from '../../src/commands/command.ts';
import { commands } from '../../src/commands/commands.ts';
import { formatPolicyValue, policyItems } from '../../src/policy/policy.ts';

const files = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const io = { out: () => {}, error: () => {}, environment: {} };

/** The words as a shell splits them, up to a comment, a pipe or a redirection. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => ({
    text: double ?? single ?? bare!,
    isBare: bare !== undefined,
  }));
  const end = words.findIndex(({ text, isBare }) => isBare && /^[#|>&;]/.test(text));
  return words.slice(0, end === -1 ? undefined : end).map(({ text }) => text);
}

const find = (words: string[]) =>
  commands.find(({ name }) => [words.slice(0, 1), words.slice(0, 2)].some((start) => start.join(' ') === name));

const documented = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:npx --no-install |`)frontdesk ([^\n`]+)/g)].map(
    ([, line]) => [file, line!.trim()] as const,
  ),
);

test.each(documented)('%s: frontdesk %s', (_file, line) => {
  const words = wordsOf(line);
  const [first, ...rest] = words;
  const command = find(first === 'help' ? rest : words);
  if (first === 'help' && rest.length === 0) return;
  expect(command).toBeDefined();
  if (first !== 'help') parseInvocation(command!, words.slice(command!.name.split(' ').length), io);
});

test('every command is documented', () => {
  const named = new Set(documented.map(([, line]) => find(wordsOf(line))?.name));
  expect(commands.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
});

test('docs/operate.md has the items of the policy with their defaults', () => {
  const rows = Object.entries(policyItems).map(
    ([name, { default: value, about }]) => `| \`${name}\` | ${formatPolicyValue(value)} | ${about} |`,
  );
  expect(readFileSync('docs/operate.md', 'utf8')).toContain(`\n${rows.join('\n')}\n\n`);
});
