/** Tests ids, names, kinds, origins and home pages of clients. */
import {
  clientKinds,
  homePageOf,
  isClientId,
  isClientName,
  maxClientName,
  defaultMetadata,
  needsSecret,
  originsOf,
} from './client.ts';

test.each(['site-a', 'a.b~c_d', 'ABC', 'x'.repeat(64)])('%s is a client id', (id) => expect(isClientId(id)).toBe(true));

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
])('%p is no client id', (id) => expect(isClientId(id)).toBe(false));

test.each(['Wiki', 'Ännchens Café', '漢字', 'a', 'x'.repeat(100), '🔑'.repeat(100)])('%s is a client name', (name) =>
  expect(isClientName(name)).toBe(true),
);

test.each([
  ['that is empty', ''],
  ['of spaces', '   '],
  ['that is too long', 'x'.repeat(maxClientName + 1)],
  ['with a line feed', 'Bank\nSign in'],
  ['with a null', 'Bank\0'],
  ['with a direction override', 'Bank\u202Egro.live'],
  ['with a direction isolate', 'Bank\u2066'],
  ['with an invisible character', 'Bank\u200B'],
  ['with a soft hyphen', 'Ba\u00ADnk'],
  ['with a private-use character', 'Bank\uE000'],
  ['with a line separator', 'Bank\u2028'],
])('a name %s is refused', (_how, name) => expect(isClientName(name)).toBe(false));

test('only web apps and machines authenticate with a secret by default', () => {
  const secrets = clientKinds.map((kind) => [kind, needsSecret(defaultMetadata(kind))]);
  expect(secrets).toEqual([
    ['web', true],
    ['single-page', false],
    ['native', false],
    ['machine', true],
  ]);
  for (const kind of clientKinds) {
    const { grant_types: grants, response_types: responses } = defaultMetadata(kind);
    const isMachine = kind === 'machine';
    expect([kind, grants]).toEqual([
      kind,
      isMachine ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    ]);
    expect([kind, responses]).toEqual([kind, isMachine ? [] : ['code']]);
  }
});

test('only methods with a secret need one', () => {
  for (const method of ['none', 'private_key_jwt', 'tls_client_auth', undefined]) {
    expect(needsSecret({ token_endpoint_auth_method: method })).toBe(false);
  }
  for (const method of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt']) {
    expect(needsSecret({ token_endpoint_auth_method: method })).toBe(true);
  }
});

test('B20 only single-page apps have origins, those of their redirect URIs', () => {
  const redirectUris = [
    'https://one.example/cb',
    'https://one.example/other',
    'https://two.example:8443/cb',
    'nonsense',
  ];
  const origins = clientKinds.map((kind) => originsOf(kind, { ...defaultMetadata(kind), redirect_uris: redirectUris }));
  expect(origins).toEqual([[], ['https://one.example', 'https://two.example:8443'], [], []]);
  expect(
    originsOf('single-page', { ...defaultMetadata('single-page'), redirect_uris: ['com.example.app:/cb'] }),
  ).toEqual([]);
  expect(originsOf('single-page', defaultMetadata('single-page'))).toEqual([]);
  const withApp = { ...defaultMetadata('single-page'), application_type: 'native' };
  const uris = ['https://one.example/cb', 'com.example.app:/cb'];
  expect(originsOf('single-page', { ...withApp, redirect_uris: uris })).toEqual(['https://one.example']);
});

test.each([
  [
    { client_uri: 'https://wiki.example/start', redirect_uris: ['https://login.wiki.example/cb'] },
    'https://wiki.example/start',
  ],
  [{ redirect_uris: ['https://wiki.example/deep/cb?x=1', 'https://other.example/cb'] }, 'https://wiki.example'],
  [{ redirect_uris: ['com.example.app:/cb'] }, undefined],
  [{ redirect_uris: [] }, undefined],
  [{}, undefined],
])('the home page of %j is %s', (metadata, home) => expect(homePageOf(metadata)).toBe(home));
