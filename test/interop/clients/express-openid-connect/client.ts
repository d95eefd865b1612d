import { npmApp } from '../../install.ts';
import type { Client } from '../../client.ts';

export const expressOpenidConnect: Client = {
  name: 'express-openid-connect',
  isQuick: true,
  registration: { kind: 'web', redirectPath: '/callback', postLogoutPath: '' },
  install: () => npmApp('express-openid-connect', { 'express-openid-connect': '3.4.0', express: '5.3.0' }),
  start: ({ start, folder }) => start(process.execPath, [`${folder}/app.js`]),
  signIn: { path: '/', click: 'text=Sign in' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the session' },
};
