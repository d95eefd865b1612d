/** Values in the quotes of each language. */
import { execFileSync } from 'node:child_process';
import { fillIn } from './template.ts';

const nasty = `it's "quoted" \\ $HOME \`id\` #{x} é`;

test('a value in a shell is that value', () => {
  const script = fillIn('printf %s {{shell value}}', { value: nasty });
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(nasty);
});

test('a value in JSON is that value', () => {
  expect(JSON.parse(fillIn('[{{json value}}]', { value: nasty }))).toEqual([nasty]);
});

test('quotes and backslashes are escaped for Apache', () => {
  expect(fillIn('OIDCClientID {{apache value}}', { value: 'a"b\\c' })).toBe('OIDCClientID "a\\"b\\\\c"');
});

test('a value without quotes has nothing that needs them', () => {
  expect(fillIn('- --issuer={{plain value}}', { value: 'https://[::1]:4000' })).toBe('- --issuer=https://[::1]:4000');
  for (const value of [nasty, 'a b', 'a#b', 'a\nb', "a'b"]) {
    expect(() => fillIn('{{plain value}}', { value })).toThrow('not plain');
  }
});

test('a line is left out when it has no value', () => {
  const template = 'one\n{{?secret}}two {{json secret}}\nthree\n';
  expect(fillIn(template, {})).toBe('one\nthree\n');
  expect(fillIn(template, { secret: 'x' })).toBe('one\ntwo "x"\nthree\n');
});

test('a value is never read as a template', () => {
  expect(fillIn('{{json value}}', { value: '{{json other}}', other: 'x' })).toBe('"{{json other}}"');
});

test('what does not exist is an error', () => {
  expect(() => fillIn('{{json value}}', {})).toThrow('no value');
  expect(() => fillIn('{{xml value}}', { value: 'x' })).toThrow('no xml');
});
