import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { pip } from '../../install.ts';

export const mozillaDjangoOidc: Client = {
  name: 'mozilla-django-oidc',
  isQuick: false,
  registration: { kind: 'web', redirectPath: '/oidc/callback/' },
  install: () => pip('mozilla-django-oidc', { 'mozilla-django-oidc': '5.0.2', Django: '5.2.19' }),
  start: ({ start, folder, sources }) => start(join(folder, 'bin/python'), ['-B', join(sources, 'app.py')]),
  signIn: { path: '/', click: 'text=Sign in' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the app' },
  // It stores the e-mail address, and no name.
  shows: ({ email }) => [email],
};
