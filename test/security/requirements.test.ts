/** Verifies README.md: the tests that it links for a requirement exist and name it; a requirement without tests says what is missing. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'test/security';

interface Requirement {
  number: string;
  /** Paths of its test files from the root of the repository. */
  files: string[];
  isMissing: boolean;
}

const rows = readFileSync(join(folder, 'README.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-G]\d\d/.test(line));
const requirements = rows.map((row): Requirement => {
  const [, number = '', , testsCell = ''] = row.split('|').map((cell) => cell.trim());
  const files = [...testsCell.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => join(folder, path!));
  return { number, files, isMissing: /\*not yet\*: \S/.test(testsCell) };
});
const numbers = new Set(requirements.map(({ number }) => number));

const testFiles = ['src', 'test'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(root, name)),
);

/** Matches the numbers of requirements at the beginning of the name of a test, of a table of tests or of a group. */
const leadingNumbers = /(?:\b(?:test|describe|describeInChromium)|\))\(\s*['"`]((?:[A-G]\d\d(?:, | and )?)+)/g;

/** Numbers of the requirements that the test names of a file begin with. */
function numbersIn(text: string): string[] {
  return [...text.matchAll(leadingNumbers)].flatMap(([, list]) => list!.match(/[A-G]\d\d/g)!);
}
const numbersByFile = new Map(testFiles.map((path) => [path, new Set(numbersIn(readFileSync(path, 'utf8')))]));

test('numbers are found only at the beginning of names', () => {
  expect(numbersIn(`test('A01 a'); describe("B02", () => {}); test.each([['C03 x']])('D04 and E05 %s')`)).toEqual([
    ...['A01', 'B02', 'D04', 'E05'],
  ]);
  expect(numbersIn(`test('as A01 says'); call('A01'); test(\n  'A12, A13: b'`)).toEqual(['A12', 'A13']);
});

test('requirements are in order, and each number is unique', () => {
  const all = requirements.map(({ number }) => number);
  expect(all).toEqual([...new Set(all)].toSorted());
  expect(all.length).toBeGreaterThan(90);
});

test.each(requirements)('$number has a test or says what is missing', ({ files, isMissing }) => {
  expect(isMissing || files.length > 0).toBe(true);
});

test.each(requirements.filter(({ files }) => files.length > 0))(
  'the tests of $number exist and name it',
  (requirement) => {
    const { number, files } = requirement;
    expect(files.filter((path) => !existsSync(path))).toEqual([]);
    expect(files.filter((path) => !numbersByFile.get(path)?.has(number))).toEqual([]);
  },
);

test.each([...numbersByFile].filter(([, inNames]) => inNames.size > 0))(
  '%s names only existing requirements',
  (_path, inNames) => {
    expect([...inNames].filter((number) => !numbers.has(number))).toEqual([]);
  },
);
