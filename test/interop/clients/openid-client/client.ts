import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { devDependency } from '../../install.ts';

export const openidClient: Client = {
  name: 'openid-client',
  isQuick: true,
  registration: { kind: 'web', redirectPath: '/callback', postLogoutPath: '/' },
  install: () => devDependency('openid-client'),
  start: ({ start, sources }) => start(process.execPath, [join(sources, 'app.ts')]),
  signIn: { path: '/', click: 'text=Sign in' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the session' },
};
