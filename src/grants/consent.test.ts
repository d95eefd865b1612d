/** The arithmetic of permissions. */
import { intersectPermissions, nothing, together } from './consent.ts';

const asked = {
  scopes: ['openid', 'email'],
  claims: ['phone_number'],
  apiScopes: { x: ['read', 'write'], y: ['read'] },
};

test('only what is in both is agreed', () => {
  const agreed = { scopes: ['openid', 'profile'], claims: [], apiScopes: { x: ['write'], z: ['read'] } };
  expect(intersectPermissions(asked, agreed)).toEqual({ scopes: ['openid'], claims: [], apiScopes: { x: ['write'] } });
  expect(intersectPermissions(asked, nothing)).toEqual(nothing);
  expect(intersectPermissions(asked, asked)).toEqual(asked);
});

test('together is what is in either, once', () => {
  const more = { scopes: ['email', 'profile'], claims: ['phone_number'], apiScopes: { y: ['read', 'write'] } };
  expect(together(asked, more)).toEqual({
    scopes: ['openid', 'email', 'profile'],
    claims: ['phone_number'],
    apiScopes: { x: ['read', 'write'], y: ['read', 'write'] },
  });
});
