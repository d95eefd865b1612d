/** The arguments and the report of the tool. */
import { readArguments } from './arguments.ts';
import { clients } from './clients/clients.ts';
import { format, isFailed, type Row } from './report.ts';

const namesOf = (...args: string[]) => readArguments(args, clients).clients.map(({ name }) => name);

test('arguments choose clients, in the order of the table', () => {
  expect(namesOf()).toEqual(clients.map(({ name }) => name));
  expect(namesOf('--quick')).toEqual(clients.filter(({ isQuick }) => isQuick).map(({ name }) => name));
  expect(namesOf('--only', 'oauth2-proxy', '--only', 'openid-client')).toEqual(['openid-client', 'oauth2-proxy']);
  expect(readArguments(['--help'], clients).isHelp).toBe(true);
});

test.each([
  [['--only', 'nonsense'], 'there is no client nonsense; there are openid-client, '],
  [['nonsense'], 'nonsense'],
  [['--wrong'], '--wrong'],
])('the arguments %j are refused', (args, words) => {
  expect(() => readArguments(args, clients)).toThrow(words);
});

const working: Row = {
  ...{ client: 'a', version: '1.0.0', reasons: [] },
  ...{ signIn: 'yes', nameAndEmail: 'yes', recognised: 'yes', signOut: 'not offered' },
};

test('a client fails when one step fails, and is skipped when it is not installed', () => {
  const broken: Row = { ...working, client: 'b', nameAndEmail: 'NO', reasons: ['it does not show Ann'] };
  const skipped = { client: 'c', notInstalled: 'no network' };
  const unfinished: Row = { ...working, signOut: 'not reached' };
  expect([working, broken, unfinished, skipped].map(isFailed)).toEqual([false, true, true, false]);
  expect(format([working, broken, skipped])).toBe(
    [
      'CLIENT  VERSION        SIGN-IN  NAME AND E-MAIL  RECOGNISED  SIGN-OUT',
      'a       1.0.0          yes      yes              yes         not offered',
      'b       1.0.0          yes      NO               yes         not offered',
      'c       not installed  skipped  skipped          skipped     skipped',
      '',
      'b: it does not show Ann',
      '',
      'c: no network',
      '',
      '1 work, 1 fail, 1 skipped',
    ].join('\n'),
  );
});
