import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '../../../support/listen.ts';
import type { Client } from '../../client.ts';
import { goProgram } from '../../install.ts';

export const oauth2Proxy: Client = {
  name: 'oauth2-proxy',
  isQuick: true,
  registration: { kind: 'web', redirectPath: '/oauth2/callback', postLogoutPath: '/' },
  install: () => goProgram('oauth2-proxy', 'github.com/oauth2-proxy/oauth2-proxy/v7', 'v7.15.6'),
  async start({ start, sources, folder, issuer, clientId, clientSecret, url, port, redirectUri }) {
    const upstream = String(await freePort());
    const after = new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: `${url}/` });
    const logout = `/oauth2/sign_out?rd=${encodeURIComponent(`${issuer}/oauth/logout?${String(after)}`)}`;
    start(process.execPath, [join(sources, '../../upstream.ts')], { UPSTREAM_PORT: upstream, SIGN_OUT: logout });
    start(join(folder, 'oauth2-proxy'), [
      '--provider=oidc',
      `--oidc-issuer-url=${issuer}`,
      `--client-id=${clientId}`,
      `--client-secret=${clientSecret}`,
      `--redirect-url=${redirectUri}`,
      `--http-address=127.0.0.1:${port}`,
      `--upstream=http://127.0.0.1:${upstream}`,
      `--cookie-secret=${randomBytes(16).toString('hex')}`,
      // Without TLS, for every e-mail address, and with a sign-out that continues at Frontdesk.
      '--cookie-secure=false',
      '--email-domain=*',
      `--whitelist-domain=${new URL(issuer).host}`,
    ]);
  },
  signIn: { path: '/', click: 'button[type=submit]' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the session' },
  // It does not send the name to the application.
  shows: ({ username, email }) => [username, email],
};
