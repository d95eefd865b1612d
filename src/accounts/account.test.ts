/** Tests the canonical forms of addresses and user names. */
import { canonicalEmail, canonicalUsername, cleanEmail } from './account.ts';

test.each([
  ['ann@example.com', 'ann@example.com'],
  [' Ann@EXAMPLE.com ', 'ann@example.com'],
  ['ann+news@example.com', 'ann+news@example.com'],
  ['ann@BÜCHER.example', 'ann@xn--bcher-kva.example'],
  ['ann@xn--bcher-kva.example', 'ann@xn--bcher-kva.example'],
  ['ａｎｎ@example.com', 'ann@example.com'],
  ['mailto:ann@example.com', 'ann@example.com'],
  ['MAILTO: Ann@example.com?subject=Hello@you', 'ann@example.com'],
  ['\u200bmailto:ann@example.com', 'ann@example.com'],
])('D17 the canonical form of %s is %s', (email, canonical) => expect(canonicalEmail(email)).toBe(canonical));

/** Invisible characters that are copied together with a name, by their name. */
const invisibleCharacters = {
  'zero width space': '\u200b',
  'zero width joiners': '\u200c\u200d',
  'no-break space': '\u00a0',
  'narrow no-break space': '\u202f',
  'ideographic space': '\u3000',
  'byte order mark': '\ufeff',
  'soft hyphen': '\u00ad',
  'word joiner': '\u2060',
  'direction marks': '\u200e\u200f\u061c',
  'direction embeddings': '\u202a\u202c\u2066\u2069',
  'variation selector and joiner': '\ufe0f\u200d',
  'Hangul filler': '\u3164',
  tags: '\u{e0041}\u{e007f}',
  'line break': '\r\n',
};

test.each(Object.entries(invisibleCharacters))(
  'D17 the canonical form of a name has no %s around it',
  (_name, text) => {
    expect(canonicalEmail(`${text}ann@example.com${text}`)).toBe('ann@example.com');
    expect(canonicalUsername(`${text}ann.archer${text}`)).toBe('ann.archer');
    expect(cleanEmail(`${text}Ann@Example.com${text}`)).toBe('Ann@Example.com');
  },
);

const spaces = new Set(['no-break space', 'narrow no-break space', 'ideographic space', 'line break']);
test.each(Object.entries(invisibleCharacters).filter(([name]) => !spaces.has(name)))(
  'D17 the canonical form of a name has no %s within it',
  (_name, text) => {
    expect(canonicalEmail(`a${text}nn${text}@exam${text}ple.com`)).toBe('ann@example.com');
    expect(canonicalUsername(`an${text}n`)).toBe('ann');
  },
);

test('D17 a joiner that changes the domain is kept', () => {
  const [withJoiner, withoutJoiner] = [
    'ann@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com',
    'ann@\u0646\u0627\u0645\u0647\u0627\u06cc.com',
  ];
  expect(cleanEmail(withJoiner)).toBe(withJoiner);
  expect(canonicalEmail(withJoiner)).toBe('ann@xn--mgba3gch31f060k.com');
  expect(canonicalEmail(withoutJoiner)).not.toBe(canonicalEmail(withJoiner));
});

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
  'mailto:',
  'ann\u00a0archer@example.com',
  'ann\u0000@example.com',
  `${'x'.repeat(65)}@example.com`,
  '',
])('D17 %j is refused as an address', (email) => expect(canonicalEmail(email)).toBeUndefined());

test.each([
  ['Ann', 'ann'],
  [' ann.archer ', 'ann.archer'],
  ['ＡＮＮ', 'ann'],
  ['ann_2', 'ann_2'],
])('D17 the canonical form of the user name %s is %s', (username, canonical) =>
  expect(canonicalUsername(username)).toBe(canonical),
);

test.each(['an', 'ann@example.com', 'ann archer', '.ann', 'ann-', '\u0430nn', 'x'.repeat(65), ''])(
  'D17 %j is refused as a user name',
  (username) => expect(canonicalUsername(username)).toBeUndefined(),
);
