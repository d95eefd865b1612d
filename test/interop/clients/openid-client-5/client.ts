import { npmApp } from '../../install.ts';
import type { Client } from '../../client.ts';

export const openidClient5: Client = {
  name: 'openid-client-5',
  isQuick: false,
  registration: { kind: 'web', redirectPath: '/callback', postLogoutPath: '/' },
  install: () => npmApp('openid-client-5', { 'openid-client': '5.7.1', express: '5.3.0', 'express-session': '1.19.0' }),
  start: ({ start, folder }) => start(process.execPath, [`${folder}/app.js`]),
  signIn: { path: '/', click: 'text=Sign in' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the session' },
};
