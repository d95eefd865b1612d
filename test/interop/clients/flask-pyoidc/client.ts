import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { pip } from '../../install.ts';

export const flaskPyoidc: Client = {
  name: 'flask-pyoidc',
  isQuick: false,
  registration: { kind: 'web', redirectPath: '/redirect_uri', postLogoutPath: '/logout' },
  install: () => pip('flask-pyoidc', { 'Flask-pyoidc': '3.14.3', Flask: '3.1.3', setuptools: '80.9.0' }),
  start: ({ start, folder, sources }) => start(join(folder, 'bin/python'), ['-B', join(sources, 'app.py')]),
  signIn: { path: '/' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the session' },
};
