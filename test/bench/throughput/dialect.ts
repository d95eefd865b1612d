/** The paths and pages of Frontdesk. The bare library has the same paths. */
import { password } from '../../support/people-and-apps.ts';
import type { Dialect } from './target.ts';

export const frontdeskDialect: Dialect = {
  paths: {
    authorization: '/oauth/authorize',
    token: '/oauth/token',
    userinfo: '/oauth/userinfo',
    introspection: '/oauth/introspect',
    keys: '/oauth/jwks',
  },
  refreshScope: 'openid profile email offline_access',
  fillIn(page) {
    const action = /<form[^>]* action="([^"]*\/password[^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    const csrf = /name="csrf"[^>]* value="([^"]*)"/.exec(page)?.[1];
    return action && csrf ? { action, fields: { csrf, login: 'ann', password } } : undefined;
  },
};
