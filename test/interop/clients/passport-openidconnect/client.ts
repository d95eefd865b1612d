import { npmApp } from '../../install.ts';
import type { Client } from '../../client.ts';

export const passportOpenidconnect: Client = {
  name: 'passport-openidconnect',
  isQuick: true,
  registration: { kind: 'web', redirectPath: '/cb' },
  install: () =>
    npmApp('passport-openidconnect', {
      'passport-openidconnect': '0.1.2',
      passport: '0.7.0',
      express: '5.3.0',
      'express-session': '1.19.0',
    }),
  start: ({ start, folder }) => start(process.execPath, [`${folder}/app.js`]),
  signIn: { path: '/', click: 'text=Sign in' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the app' },
};
