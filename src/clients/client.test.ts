/** What a client's id may be. */
import { isClientId } from './client.ts';

test.each(['site-a', 'a.b~c_d', 'ABC', 'x'.repeat(64)])('%s is an id', (id) => expect(isClientId(id)).toBe(true));

test.each([
  '',
  'ab',
  'x'.repeat(65),
  'site a',
  'a/b',
  'ä-site',
  'constructor',
  'toString',
  '__proto__',
  'hasOwnProperty',
])('%p is none', (id) => expect(isClientId(id)).toBe(false));
