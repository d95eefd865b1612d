/** Tests which redirect URIs and logout URIs may be registered. */
import { Refusal } from '../errors.ts';
import { requireBackChannelLogoutUri, requireRedirectUris, type UriRules } from './client-uri.ts';

const publicIssuer = 'https://login.example.com';
const localIssuer = 'http://idp.localhost:4000';

/** The reason for which a URI is refused; undefined when it is accepted. */
function reasonFor(uri: string, rules: UriRules): string | undefined {
  try {
    requireRedirectUris([uri], rules);
    return undefined;
  } catch (error) {
    expect((error as Refusal).code).toBe('redirect_uri_invalid');
    return (error as Refusal).values['reason'];
  }
}
const accepts = (uri: string, rules: UriRules): boolean => reasonFor(uri, rules) === undefined;

/** The rules by who registers the client. */
const selfRegistered = { issuer: publicIssuer };
const operator = { issuer: publicIssuer, isByOperator: true };

test.each([
  'https://app.example.com/callback',
  'https://app.example.com:8443/cb?x=1',
  'https://app.example.com/.hidden/a..b',
])('E06 %s is accepted for a web app', (uri) => {
  expect(accepts(uri, selfRegistered)).toBe(true);
  expect(accepts(uri, operator)).toBe(true);
});

test.each([
  'http://app.example.com/callback',
  'http://localhost/callback',
  'http://app.localhost/callback',
  'http://127.0.0.1/callback',
  'https://app.example.com/*',
  'https://*.example.com/callback',
  'https://user@app.example.com/',
  'https://user:secret@app.example.com/',
  'https://@app.example.com/',
  'https://app.example.com/a/../b',
  'https://app.example.com/a/%2e%2e/b',
  'https://app.example.com/./b',
  'https://app.example.com/callback#',
  'https://app.example.com/call back',
  'https://app.example.com/\u202Ecb',
  'https://app.example.com\\evil',
  'https:\\\\app.example.com',
  ' https://app.example.com',
  'javascript:alert(1)',
  'com.example.app:/callback',
  '/callback',
  '',
  `https://app.example.com/${'x'.repeat(2000)}`,
])('E06 %s is refused for a web app', (uri) => expect(accepts(uri, selfRegistered)).toBe(false));

test.each([
  ['http://127.0.0.1/callback', true],
  ['http://[::1]/callback', true],
  ['https://app.example.com/callback', true],
  ['com.example.app:/callback', true],
  ['http://localhost/callback', true],
  ['http://localhost:8000', true],
  ['http://app.localhost/callback', false],
  ['http://localhost.evil.example/callback', false],
  ['http://127.0.0.1.evil.example/callback', false],
  ['http://10.0.0.1/callback', false],
  ['http://app.example.com/callback', false],
  ['myapp:/callback', false],
  ['javascript:x.y', false],
])('E06 %s for a native app is accepted: %s', (uri, isAccepted) =>
  expect(accepts(uri, { ...selfRegistered, isNative: true })).toBe(isAccepted),
);

test('E06 http on *.localhost is accepted when the issuer is on *.localhost as well', () => {
  expect(accepts('http://app.localhost:4001/callback', { issuer: localIssuer })).toBe(true);
  expect(accepts('http://app.example.com/callback', { issuer: localIssuer })).toBe(false);
});

test.each([
  'http://localhost',
  'http://localhost:3000/callback',
  'http://127.0.0.1:8080/callback',
  'http://[::1]:8080/callback',
])('E06 an operator may register %s for development, and an app that registers itself may not', (uri) => {
  expect(accepts(uri, operator)).toBe(true);
  expect(reasonFor(uri, selfRegistered)).toBe('must_be_https_or_localhost');
});

test.each([
  ['http://app.localhost:3000/cb', 'must_be_https_or_loopback'],
  ['http://app.example.com/cb', 'must_be_https_or_loopback'],
  ['http://localhost.example.com/cb', 'must_be_https_or_loopback'],
  ['http://127.0.0.2/cb', 'must_be_https_or_loopback'],
  ['http://192.168.0.7:3000/cb', 'must_be_https_or_loopback'],
  ['com.example.app:/cb', 'scheme_needs_app'],
  ['javascript:x.y', 'scheme_needs_app'],
])('E06 an operator may not register %s for a site', (uri, reason) => expect(reasonFor(uri, operator)).toBe(reason));

test.each(['com.example.app:/cb', 'http://127.0.0.1/cb', 'http://localhost/cb', 'https://app.example.com/cb'])(
  'E06 an operator may register %s for a site with a native app',
  (uri) => expect(accepts(uri, { ...operator, isNative: true })).toBe(true),
);

test.each([
  'https://app.example.com/cb%00',
  'https://app.example.com/%0d%0aLocation:%20x',
  'https://app.example.com/cb?x=%1F',
  'https://app.example.com/%7f',
  'https://app.example.com/%C2%85',
  'https://app.example.com/%c2%9b31m',
  'http://localhost:3000/%00',
])('E06 %s has an encoded control character', (uri) => {
  for (const rules of [selfRegistered, operator, { ...operator, isNative: true }, { issuer: localIssuer }]) {
    expect(reasonFor(uri, rules)).toBe('uri_has_encoded_control');
  }
});

test.each(['https://app.example.com/%20', 'https://app.example.com/%C3%85', 'https://app.example.com/%2500'])(
  'E06 %s has no encoded control character',
  (uri) => expect(accepts(uri, selfRegistered)).toBe(true),
);

test('a back-channel logout URI may be http only for a confidential client of an operator', () => {
  const check = (uri: string, rules: Parameters<typeof requireBackChannelLogoutUri>[1]) => () =>
    requireBackChannelLogoutUri(uri, rules);
  const uri = 'http://app.internal:8080/logout';
  expect(check(uri, { ...operator, mayBeHttp: true })).not.toThrow();
  expect(check(uri, operator)).toThrow('client_invalid');
  expect(check(uri, selfRegistered)).toThrow('client_invalid');
  expect(check('http://ann@app.internal/', { ...operator, mayBeHttp: true })).toThrow('client_invalid');
  expect(check('ftp://app.internal/', { ...operator, mayBeHttp: true })).toThrow('client_invalid');
});

test('E06 a client has at most ten redirect URIs', () => {
  const uris = Array.from({ length: 11 }, (_, index) => `https://app.example.com/${index}`);
  expect(() => requireRedirectUris(uris, selfRegistered)).toThrow('too_many_redirect_uris');
  requireRedirectUris(uris.slice(0, 10), selfRegistered);
});

test('a refusal names the field, the URI and the reason', () => {
  try {
    requireRedirectUris(['https://app.example.com/*'], selfRegistered, 'post_logout_redirect_uris');
    throw new Error('accepted');
  } catch (error) {
    expect((error as Refusal).values).toEqual({
      field: 'post_logout_redirect_uris',
      uri: 'https://app.example.com/*',
      reason: 'uri_has_wildcard',
    });
  }
});
