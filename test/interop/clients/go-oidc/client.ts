import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { goSource } from '../../install.ts';

export const goOidc: Client = {
  name: 'go-oidc',
  isQuick: false,
  registration: { kind: 'web', redirectPath: '/auth/callback' },
  install: () =>
    goSource('go-oidc', join(import.meta.dirname, 'main.go'), {
      'github.com/coreos/go-oidc/v3': 'v3.21.0',
      'golang.org/x/oauth2': 'v0.38.0',
    }),
  start: ({ start, folder }) => start(join(folder, 'app'), []),
  signIn: { path: '/' },
};
