/** The changes of one request to the apps of a session. */
import { authorizationChange } from './session.ts';

const a = { sid: '1', grantId: 'g1' };
const b = { sid: '2', grantId: 'g2' };

test('nothing changed', () => {
  expect(authorizationChange({ a }, { a })).toEqual({ changed: {}, removed: [], added: [], loaded: {} });
});

test('an app was added', () => {
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

test('an app was removed', () => {
  expect(authorizationChange({ a, b }, { a })).toEqual({ changed: {}, removed: ['b'], added: [], loaded: { b } });
});
