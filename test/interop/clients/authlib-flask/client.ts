import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { pip } from '../../install.ts';

export const authlibFlask: Client = {
  name: 'authlib-flask',
  isQuick: true,
  registration: { kind: 'web', redirectPath: '/authorize', postLogoutPath: '/' },
  install: () => pip('authlib-flask', { Authlib: '1.9.10', Flask: '3.1.3', requests: '2.34.2' }),
  start: ({ start, folder, sources, port }) => {
    const args = ['--app', join(sources, 'app.py'), 'run', '--host', 'localhost', '--port', String(port)];
    start(join(folder, 'bin/flask'), args, { PYTHONDONTWRITEBYTECODE: '1' });
  },
  signIn: { path: '/', click: 'text=Sign in' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the session' },
};
