/** Intersection and union of permissions. */
import { intersectPermissions, noPermissions, unionPermissions } from './consent.ts';

const asked = {
  scopes: ['openid', 'email'],
  claims: ['phone_number'],
  apiScopes: { x: ['read', 'write'], y: ['read'] },
};

test('an intersection has what is in both', () => {
  const agreed = { scopes: ['openid', 'profile'], claims: [], apiScopes: { x: ['write'], z: ['read'] } };
  expect(intersectPermissions(asked, agreed)).toEqual({ scopes: ['openid'], claims: [], apiScopes: { x: ['write'] } });
  expect(intersectPermissions(asked, noPermissions)).toEqual(noPermissions);
  expect(intersectPermissions(asked, asked)).toEqual(asked);
});

test('a union has what is in either, once', () => {
  const more = { scopes: ['email', 'profile'], claims: ['phone_number'], apiScopes: { y: ['read', 'write'] } };
  expect(unionPermissions(asked, more)).toEqual({
    scopes: ['openid', 'email', 'profile'],
    claims: ['phone_number'],
    apiScopes: { x: ['read', 'write'], y: ['read', 'write'] },
  });
});
