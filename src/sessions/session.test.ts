/** What one request changed of a session's apps. */
import { authorizationChange } from './session.ts';

const a = { sid: '1', grantId: 'g1' };
const b = { sid: '2', grantId: 'g2' };

test('nothing changed', () => {
  expect(authorizationChange({ a }, { a })).toEqual({ changed: {}, removed: [], added: [], loaded: {} });
});

test('an app entered', () => {
  expect(authorizationChange({ a }, { a, b })).toEqual({ changed: { b }, removed: [], added: ['b'], loaded: {} });
});

test('an app changed', () => {
  const after = { ...a, persistsLogout: true };
  expect(authorizationChange({ a, b }, { a: after, b })).toEqual({
    changed: { a: after },
    removed: [],
    added: [],
    loaded: { a },
  });
});

test('an app left', () => {
  expect(authorizationChange({ a, b }, { a })).toEqual({ changed: {}, removed: ['b'], added: [], loaded: { b } });
});
