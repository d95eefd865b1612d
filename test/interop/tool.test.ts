/** The tool as somebody at a terminal meets it, as far as that needs no client. */
import { readArguments } from './arguments.ts';
import { clients } from './clients/clients.ts';
import { format, isFailed, type Row } from './report.ts';

const namesOf = (...args: string[]) => readArguments(args, clients).clients.map(({ name }) => name);

test('words choose the clients, in the order of the table', () => {
  expect(namesOf()).toEqual(clients.map(({ name }) => name));
  expect(namesOf('--quick')).toEqual(clients.filter(({ isQuick }) => isQuick).map(({ name }) => name));
  expect(namesOf('--only', 'oauth2-proxy', '--only', 'openid-client')).toEqual(['openid-client', 'oauth2-proxy']);
  expect(readArguments(['--help'], clients).isHelp).toBe(true);
});

test.each([
  [['--only', 'nonsense'], 'there is no client nonsense; there are openid-client, '],
  [['nonsense'], 'nonsense'],
  [['--wrong'], '--wrong'],
])('%j is not understood', (args, words) => {
  expect(() => readArguments(args, clients)).toThrow(words);
});

const works: Row = {
  ...{ client: 'a', version: '1.0.0', reasons: [] },
  ...{ signIn: 'yes', nameAndEmail: 'yes', recognised: 'yes', signOut: 'not offered' },
};

test('a client fails by any step that did not work, and one that is not installed neither works nor fails', () => {
  const broken: Row = { ...works, client: 'b', nameAndEmail: 'NO', reasons: ['it does not know Ann'] };
  const skipped = { client: 'c', notInstalled: 'no network' };
  expect([works, broken, { ...works, signOut: 'unseen' } as Row, skipped].map(isFailed)).toEqual([
    ...[false, true, true, false],
  ]);
  expect(format([works, broken, skipped])).toBe(
    [
      'CLIENT  VERSION        SIGN-IN  NAME AND E-MAIL  RECOGNISED  SIGN-OUT',
      'a       1.0.0          yes      yes              yes         not offered',
      'b       1.0.0          yes      NO               yes         not offered',
      'c       not installed  skipped  skipped          skipped     skipped',
      '',
      'b: it does not know Ann',
      '',
      'c: no network',
      '',
      '1 work, 1 do not, 1 skipped',
    ].join('\n'),
  );
});
