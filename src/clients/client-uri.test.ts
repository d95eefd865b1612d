/** Redirect URIs that may be registered. */
import { Refusal } from '../errors.ts';
import { requireRedirectUris } from './client-uri.ts';

const publicIssuer = 'https://login.example.com';
const localIssuer = 'http://idp.localhost:4000';

const accepts = (uri: string, isNative: boolean, issuer: string): boolean => {
  try {
    requireRedirectUris([uri], isNative, issuer);
    return true;
  } catch (error) {
    expect((error as Refusal).code).toBe('redirect_uri_invalid');
    return false;
  }
};

test.each([
  'https://app.example.com/callback',
  'https://app.example.com:8443/cb?x=1',
  'https://app.example.com/.hidden/a..b',
])('E06 %s is fine', (uri) => expect(accepts(uri, false, publicIssuer)).toBe(true));

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
])('E06 %s is refused for a web app', (uri) => expect(accepts(uri, false, publicIssuer)).toBe(false));

test.each([
  ['http://127.0.0.1/callback', true],
  ['http://[::1]/callback', true],
  ['https://app.example.com/callback', true],
  ['com.example.app:/callback', true],
  ['http://localhost/callback', false],
  ['http://app.example.com/callback', false],
  ['myapp:/callback', false],
  ['javascript:x.y', false],
])('E06 a native app: %s', (uri, isFine) => expect(accepts(uri, true, publicIssuer)).toBe(isFine));

test('E06 http on *.localhost is fine while the issuer is there too', () => {
  expect(accepts('http://app.localhost:4001/callback', false, localIssuer)).toBe(true);
  expect(accepts('http://app.example.com/callback', false, localIssuer)).toBe(false);
});

test('E06 at most ten', () => {
  const uris = Array.from({ length: 11 }, (_, index) => `https://app.example.com/${index}`);
  expect(() => requireRedirectUris(uris, false, publicIssuer)).toThrow('redirect_uris_many');
  requireRedirectUris(uris.slice(0, 10), false, publicIssuer);
});

test('a refusal has the URI and the reason', () => {
  try {
    requireRedirectUris(['https://app.example.com/*'], false, publicIssuer);
    throw new Error('accepted');
  } catch (error) {
    expect((error as Refusal).values).toEqual({
      uri: 'https://app.example.com/*',
      reason: 'uri_has_wildcard',
    });
  }
});
