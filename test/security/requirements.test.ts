/** Keeps README.md true: every requirement has the tests it names, or says what is missing. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'test/security';

interface Requirement {
  number: string;
  /** Paths from the root of the repository. */
  files: string[];
  isMissing: boolean;
}

const rows = readFileSync(join(folder, 'README.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-G]\d\d/.test(line));
const requirements = rows.map((row): Requirement => {
  const [, number = '', , held = ''] = row.split('|').map((cell) => cell.trim());
  const files = [...held.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => join(folder, path!));
  return { number, files, isMissing: /\*not yet\*: \S/.test(held) };
});
const numbers = new Set(requirements.map(({ number }) => number));

const testFiles = ['src', 'test'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(root, name)),
);

/** A requirement's numbers at the beginning of the name of a test, a table of tests or a group. */
const beginning = /(?:\b(?:test|describe|describeInChromium)|\))\(\s*['"`]((?:[A-G]\d\d(?:, | and )?)+)/g;

/** Requirements that the tests of a file name. */
function numbersIn(text: string): string[] {
  return [...text.matchAll(beginning)].flatMap(([, list]) => list!.match(/[A-G]\d\d/g)!);
}
const named = new Map(testFiles.map((path) => [path, new Set(numbersIn(readFileSync(path, 'utf8')))]));

test('a number is found at the beginning of names, and nowhere else', () => {
  expect(numbersIn(`test('A01 a'); describe("B02", () => {}); test.each([['C03 x']])('D04 and E05 %s')`)).toEqual([
    ...['A01', 'B02', 'D04', 'E05'],
  ]);
  expect(numbersIn(`test('as A01 says'); call('A01'); test(\n  'A12, A13: b'`)).toEqual(['A12', 'A13']);
});

test('requirements are in order, and no number comes twice', () => {
  const all = requirements.map(({ number }) => number);
  expect(all).toEqual([...new Set(all)].toSorted());
  expect(all.length).toBeGreaterThan(90);
});

test.each(requirements)('$number has a test, or says what is missing', ({ files, isMissing }) => {
  expect(isMissing || files.length > 0).toBe(true);
});

test.each(requirements.filter(({ files }) => files.length > 0))('$number is named by its tests', (requirement) => {
  const { number, files } = requirement;
  expect(files.filter((path) => !existsSync(path))).toEqual([]);
  expect(files.filter((path) => !named.get(path)?.has(number))).toEqual([]);
});

test.each([...named].filter(([, of]) => of.size > 0))('%s names requirements that there are', (_path, of) => {
  expect([...of].filter((number) => !numbers.has(number))).toEqual([]);
});
