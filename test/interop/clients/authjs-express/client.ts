import { npmApp } from '../../install.ts';
import type { Client } from '../../client.ts';

export const authjsExpress: Client = {
  name: 'authjs-express',
  isQuick: false,
  registration: { kind: 'web', redirectPath: '/auth/callback/frontdesk' },
  install: () => npmApp('authjs-express', { '@auth/express': '0.12.3', express: '4.22.1' }),
  start: ({ start, folder }) => start(process.execPath, [`${folder}/app.js`]),
  signIn: { path: '/auth/signin', click: 'button[type=submit]' },
  signOut: { path: '/auth/signout', click: 'button[type=submit]', ends: 'the app' },
};
