import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { pip } from '../../install.ts';

export const djangoAllauth: Client = {
  name: 'django-allauth',
  isQuick: false,
  registration: { kind: 'web', redirectPath: '/accounts/oidc/frontdesk/login/callback/' },
  install: () => pip('django-allauth', { 'django-allauth[socialaccount]': '65.21.1', Django: '5.2.19' }),
  start: ({ start, folder, sources }) => start(join(folder, 'bin/python'), ['-B', join(sources, 'app.py')]),
  signIn: { path: '/accounts/oidc/frontdesk/login/', click: 'button[type=submit]' },
  signOut: { path: '/accounts/logout/', click: 'button[type=submit]', ends: 'the app' },
};
