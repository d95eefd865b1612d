import { join } from 'node:path';
import { freePort } from '../../../support/listen.ts';
import type { Client } from '../../client.ts';
import { debian } from '../../install.ts';

export const modAuthOpenidc: Client = {
  name: 'mod_auth_openidc',
  isQuick: true,
  registration: { kind: 'web', redirectPath: '/redirect_uri', postLogoutPath: '/signed-out' },
  install: () => debian('libapache2-mod-auth-openidc', '/usr/lib/apache2/modules/mod_auth_openidc.so'),
  async start({ start, sources, scratch, url }) {
    const upstream = String(await freePort());
    const logout = `/redirect_uri?logout=${encodeURIComponent(`${url}/signed-out`)}`;
    start(process.execPath, [join(sources, '../../upstream.ts')], { UPSTREAM_PORT: upstream, SIGN_OUT: logout });
    const isRoot = process.getuid?.() === 0;
    const args = ['-D', 'FOREGROUND', '-f', join(sources, 'apache.conf'), ...(isRoot ? ['-D', 'ROOT'] : [])];
    start('/usr/sbin/apache2', args, { SCRATCH: scratch, UPSTREAM_PORT: upstream });
  },
  signIn: { path: '/' },
  signOut: { path: '/', click: 'text=Sign out', ends: 'the session' },
};
