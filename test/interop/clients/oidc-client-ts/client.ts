import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { devDependency } from '../../install.ts';

export const oidcClientTs: Client = {
  name: 'oidc-client-ts',
  isQuick: true,
  registration: { kind: 'single-page', redirectPath: '/', postLogoutPath: '/' },
  install: () => devDependency('oidc-client-ts'),
  start: ({ start, sources, folder }) =>
    start(process.execPath, [join(sources, 'server.ts')], {
      LIBRARY: join(folder, 'dist/browser/oidc-client-ts.min.js'),
    }),
  signIn: { path: '/', click: '#sign-in' },
  signOut: { path: '/', click: '#sign-out', ends: 'the session' },
};
