/** Tests which logos of apps may be shown. */
import { logoOf } from './client-uri.ts';

const redirect_uris = ['https://app.example/callback', 'com.example.app:/callback'];

test.each([
  ['https://app.example/logo.png', {}],
  ['https://app.example:8443/logo.png', {}],
  ['https://www.example/logo.png', { client_uri: 'https://www.example/' }],
  ['http://app.localhost:4001/logo.png', { redirect_uris: ['http://app.localhost:4001/callback'] }],
])('the logo %s is on a host of the app and is shown', (uri, metadata) => {
  expect(logoOf({ redirect_uris, logo_uri: uri, ...metadata })).toBe(uri);
});

test.each([
  'https://elsewhere.example/logo.png',
  'https://app.example.elsewhere.example/logo.png',
  'http://app.example/logo.png',
  'data:image/png;base64,AAAA',
  'javascript:alert(1)',
  'com.example.app:/logo.png',
  'logo.png',
  '',
  7,
  undefined,
])('the logo %p is not shown', (uri) => expect(logoOf({ redirect_uris, logo_uri: uri })).toBeUndefined());
