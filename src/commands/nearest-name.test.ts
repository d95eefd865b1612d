/** Tests which name is suggested for a mistyped one. */
import { nearestName } from './nearest-name.ts';

const names = ['serve', 'clients list', 'clients show', 'json', 'redirect-uri'];

test.each([
  ['serve', 'serve'],
  ['srve', 'serve'],
  ['sevre', 'serve'],
  ['servee', 'serve'],
  ['serce', 'serve'],
  ['client list', 'clients list'],
  ['clients lsit', 'clients list'],
  ['redirecturis', 'redirect-uri'],
  ['jsno', 'json'],
])('the nearest name to %s is %s', (typed, name) => expect(nearestName(typed, names)).toBe(name));

test.each(['dance', '', 'j', 'clients remove'])('%j has no near name', (typed) => {
  expect(nearestName(typed, names)).toBeUndefined();
});
