/** Tests which redirect URIs of requests match a registered one. */
import { differenceFrom, isRegisteredUri } from './match-redirect-uri.ts';

test.each([
  ['http://127.0.0.1/cb', 'http://127.0.0.1:53211/cb'],
  ['http://localhost:8000/cb', 'http://localhost/cb'],
  ['http://[::1]:1/cb', 'http://[::1]:65000/cb'],
  ['http://localhost', 'http://localhost:8000/'],
  ['http://localhost/', 'http://localhost:8000'],
  ['http://127.0.0.1', 'http://127.0.0.1:8000/?a=b'.slice(0, 22)],
])('a native app that registered %s may use %s', (registered, sent) => {
  expect(isRegisteredUri(sent, [registered], true)).toBe(true);
  expect(isRegisteredUri(sent, [registered], false)).toBe(sent === registered);
});

test.each([
  ['http://127.0.0.1/cb', 'http://127.0.0.1:53211/cb/'],
  ['http://127.0.0.1/cb', 'http://localhost:53211/cb'],
  ['http://127.0.0.1/cb', 'http://127.0.0.1.evil.example/cb'],
  ['http://127.0.0.1/cb', 'http://127.0.0.1:1@evil.example/cb'],
  ['http://127.0.0.1/cb', 'http://127.0.0.1:999999/cb'],
  ['http://127.0.0.1/cb', 'https://127.0.0.1:53211/cb'],
  ['http://127.0.0.1/cb', 'HTTP://127.0.0.1:53211/cb'],
  ['http://127.0.0.1/cb', 'http://127.0.0.1:53211/cb#x'],
  ['http://localhost', 'http://localhost:1//evil.example'],
  ['https://app.example/cb', 'https://app.example:444/cb'],
  ['com.example.app:/cb', 'com.example.app:/cb/'],
])('no app that registered %s may use %s', (registered, sent) => {
  expect(isRegisteredUri(sent, [registered], true)).toBe(false);
});

test('a difference is described by its first character', () => {
  const registered = ['https://other.example/', 'https://wiki.example/callback'];
  expect(differenceFrom('https://wiki.example/callback/', registered)).toEqual({
    registered: 'https://wiki.example/callback',
    character: 30,
    sent: '/',
    expected: '',
  });
  expect(differenceFrom('https://wiki.example/Callback', registered)).toMatchObject({
    character: 22,
    sent: 'C',
    expected: 'c',
  });
  expect(differenceFrom('https://wiki.example/', [])).toBeUndefined();
});
