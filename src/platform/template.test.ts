/** Tests that values in templates are quoted for their language. */
import { execFileSync } from 'node:child_process';
import { fillIn } from './template.ts';

const specialCharacters = `it's "quoted" \\ $HOME \`id\` #{x} é`;

test('a shell reads the original value', () => {
  const script = fillIn('printf %s {{shell value}}', { value: specialCharacters });
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(specialCharacters);
});

test('a JSON parser reads the original value', () => {
  expect(JSON.parse(fillIn('[{{json value}}]', { value: specialCharacters }))).toEqual([specialCharacters]);
});

test('quotes and backslashes are escaped for Apache', () => {
  expect(fillIn('OIDCClientID {{apache value}}', { value: 'a"b\\c' })).toBe('OIDCClientID "a\\"b\\\\c"');
});

test('a value that needs quotes is refused where none are', () => {
  expect(fillIn('- --issuer={{plain value}}', { value: 'https://[::1]:4000' })).toBe('- --issuer=https://[::1]:4000');
  for (const value of [specialCharacters, 'a b', 'a#b', 'a\nb', "a'b"]) {
    expect(() => fillIn('{{plain value}}', { value })).toThrow('not plain');
  }
});

test('a line is left out when it has no value', () => {
  const template = 'one\n{{?secret}}two {{json secret}}\nthree\n';
  expect(fillIn(template, {})).toBe('one\nthree\n');
  expect(fillIn(template, { secret: 'x' })).toBe('one\ntwo "x"\nthree\n');
});

test('a value is not evaluated as a template', () => {
  expect(fillIn('{{json value}}', { value: '{{json other}}', other: 'x' })).toBe('"{{json other}}"');
});

test('an unknown value or language is an error', () => {
  expect(() => fillIn('{{json value}}', {})).toThrow('no value');
  expect(() => fillIn('{{xml value}}', { value: 'x' })).toThrow('no xml');
});
