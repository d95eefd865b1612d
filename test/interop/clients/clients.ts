/** All clients, in the order of the table. The first two are development dependencies of this repository. */
import type { Client } from '../client.ts';
import { authjsExpress } from './authjs-express/client.ts';
import { authlibFlask } from './authlib-flask/client.ts';
import { djangoAllauth } from './django-allauth/client.ts';
import { expressOpenidConnect } from './express-openid-connect/client.ts';
import { flaskPyoidc } from './flask-pyoidc/client.ts';
import { goOidc } from './go-oidc/client.ts';
import { modAuthOpenidc } from './mod_auth_openidc/client.ts';
import { mozillaDjangoOidc } from './mozilla-django-oidc/client.ts';
import { oauth2Proxy } from './oauth2-proxy/client.ts';
import { oidcClientTs } from './oidc-client-ts/client.ts';
import { openidClient5 } from './openid-client-5/client.ts';
import { openidClient } from './openid-client/client.ts';
import { passportOpenidconnect } from './passport-openidconnect/client.ts';
import { springSecurity } from './spring-security/client.ts';

export const clients: readonly Client[] = [
  openidClient,
  oidcClientTs,
  authlibFlask,
  modAuthOpenidc,
  oauth2Proxy,
  passportOpenidconnect,
  expressOpenidConnect,
  authjsExpress,
  openidClient5,
  djangoAllauth,
  mozillaDjangoOidc,
  flaskPyoidc,
  goOidc,
  springSecurity,
];
