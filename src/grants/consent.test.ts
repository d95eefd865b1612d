/** Tests the intersection and union of permissions. */
import { intersectPermissions, noPermissions, unionPermissions } from './consent.ts';

const requested = {
  scopes: ['openid', 'email'],
  claims: ['phone_number'],
  apiScopes: { x: ['read', 'write'], y: ['read'] },
};

test('an intersection contains the permissions of both', () => {
  const consented = { scopes: ['openid', 'profile'], claims: [], apiScopes: { x: ['write'], z: ['read'] } };
  expect(intersectPermissions(requested, consented)).toEqual({
    scopes: ['openid'],
    claims: [],
    apiScopes: { x: ['write'] },
  });
  expect(intersectPermissions(requested, noPermissions)).toEqual(noPermissions);
  expect(intersectPermissions(requested, requested)).toEqual(requested);
});

test('a union contains the permissions of either once', () => {
  const otherPermissions = {
    scopes: ['email', 'profile'],
    claims: ['phone_number'],
    apiScopes: { y: ['read', 'write'] },
  };
  expect(unionPermissions(requested, otherPermissions)).toEqual({
    scopes: ['openid', 'email', 'profile'],
    claims: ['phone_number'],
    apiScopes: { x: ['read', 'write'], y: ['read', 'write'] },
  });
});
