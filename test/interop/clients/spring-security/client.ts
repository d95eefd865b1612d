import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { mavenApp } from '../../install.ts';

export const springSecurity: Client = {
  name: 'spring-security',
  isQuick: false,
  registration: { kind: 'web', redirectPath: '/login/oauth2/code/frontdesk', postLogoutPath: '' },
  install: () => mavenApp('spring-security'),
  start: ({ start, folder }) => start('java', ['-jar', join(folder, 'target/app.jar')]),
  signIn: { path: '/oauth2/authorization/frontdesk' },
  signOut: { path: '/logout', click: 'button[type=submit]', ends: 'the session' },
};
