/** Canonical forms of addresses and user names. */
import { canonicalEmail, canonicalUsername } from './account.ts';

test.each([
  ['ann@example.com', 'ann@example.com'],
  [' Ann@EXAMPLE.com ', 'ann@example.com'],
  ['ann+news@example.com', 'ann+news@example.com'],
  ['ann@BÜCHER.example', 'ann@xn--bcher-kva.example'],
  ['ann@xn--bcher-kva.example', 'ann@xn--bcher-kva.example'],
  ['ａｎｎ@example.com', 'ann@example.com'],
])('D17 %s is %s', (email, canonical) => expect(canonicalEmail(email)).toBe(canonical));

test.each([
  'ann',
  'ann@',
  '@example.com',
  'ann@localhost',
  'ann@example..com',
  'ann@-example.com',
  'ann@exa mple.com',
  'ann@example.com\nBcc: eve@example.com',
  'ann@example.com,eve@example.com',
  'ännchen@example.com',
  '\u0430nn@example.com',
  'ann@@example.com',
  `${'x'.repeat(65)}@example.com`,
  '',
])('D17 %s is no address', (email) => expect(canonicalEmail(email)).toBeUndefined());

test.each([
  ['Ann', 'ann'],
  [' ann.archer ', 'ann.archer'],
  ['ＡＮＮ', 'ann'],
  ['ann_2', 'ann_2'],
])('D17 the user name %s is %s', (username, canonical) => expect(canonicalUsername(username)).toBe(canonical));

test.each(['an', 'ann@example.com', 'ann archer', '.ann', 'ann-', '\u0430nn', 'x'.repeat(65), ''])(
  'D17 %s is no user name',
  (username) => expect(canonicalUsername(username)).toBeUndefined(),
);
