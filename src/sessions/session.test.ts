/** Tests how the changes of one request to the apps of a session are computed. */
import { authorizationChange } from './session.ts';

const a = { sid: '1', grantId: 'g1' };
const b = { sid: '2', grantId: 'g2' };

test('equal apps give no change', () => {
  expect(authorizationChange({ a }, { a })).toEqual({ changed: {}, removed: [], added: [], loaded: {} });
});

test('an added app is changed and added', () => {
  expect(authorizationChange({ a }, { a, b })).toEqual({ changed: { b }, removed: [], added: ['b'], loaded: {} });
});

test('a changed app keeps its loaded entry', () => {
  const after = { ...a, persistsLogout: true };
  expect(authorizationChange({ a, b }, { a: after, b })).toEqual({
    changed: { a: after },
    removed: [],
    added: [],
    loaded: { a },
  });
});

test('a removed app keeps its loaded entry', () => {
  expect(authorizationChange({ a, b }, { a })).toEqual({ changed: {}, removed: ['b'], added: [], loaded: { b } });
});
