/** Keycloak: its zip from Maven Central, built for PostgreSQL, with one realm. Needs Java 17 or newer. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../interop/processes.ts';
import { temporaryFolder } from '../../../support/cleanup.ts';
import { freePort } from '../../../support/listen.ts';
import { password } from '../../../support/people-and-apps.ts';
import type { BenchDatabase } from '../database.ts';
import { createHttpClient, type HttpClient, type Reply } from '../http-client.ts';
import type { Dialect, Target } from '../target.ts';
import { download, installOnce } from './install.ts';
import { startPeer } from './process.ts';

const version = '26.7.3';
const address = `https://repo1.maven.org/maven2/org/keycloak/keycloak-quarkus-dist/${version}/keycloak-quarkus-dist-${version}.zip`;
const sha256 = '27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f';

const secret = 'a-secret-of-the-bench';
const redirectUri = 'http://app.localhost:9/callback';
const administrator = { KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: secret };

/** A client may introspect only what names it as audience. */
const audienceOfApp = {
  name: 'audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: { 'included.client.audience': 'app', 'access.token.claim': 'true' },
};

/** As Frontdesk: tokens of five minutes, refresh tokens that rotate, ES256 for machines. All else as it comes. */
const realm = {
  realm: 'bench',
  enabled: true,
  sslRequired: 'none',
  accessTokenLifespan: 300,
  revokeRefreshToken: true,
  refreshTokenMaxReuse: 0,
  clients: [
    {
      clientId: 'app',
      secret,
      redirectUris: [redirectUri],
      standardFlowEnabled: true,
      protocolMappers: [audienceOfApp],
    },
    {
      clientId: 'machine',
      secret,
      standardFlowEnabled: false,
      serviceAccountsEnabled: true,
      attributes: { 'access.token.signed.response.alg': 'ES256' },
    },
  ],
  users: [
    {
      username: 'ann',
      enabled: true,
      email: 'ann@example.com',
      emailVerified: true,
      firstName: 'Ann',
      lastName: 'Archer',
      credentials: [{ type: 'password', value: password }],
    },
  ],
};

const endpoints = '/realms/bench/protocol/openid-connect';
const dialect: Dialect = {
  paths: {
    authorization: `${endpoints}/auth`,
    token: `${endpoints}/token`,
    userinfo: `${endpoints}/userinfo`,
    introspection: `${endpoints}/token/introspect`,
    keys: `${endpoints}/certs`,
  },
  // With offline_access its refresh tokens are of another kind, and dearer.
  refreshScope: 'openid profile email',
  fillIn(page) {
    const action = /action="([^"]*\/login-actions\/authenticate[^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    return action ? { action, fields: { username: 'ann', password, credentialId: '' } } : undefined;
  },
};

const install = (): Promise<string> =>
  installOnce(`keycloak-${version}`, async (folder, log) => {
    const zip = join(folder, 'keycloak.zip');
    await download(address, zip, sha256);
    await run('unzip', ['-q', zip, '-d', folder], { log });
    rmSync(zip);
    const program = join(folder, `keycloak-${version}/bin/kc.sh`);
    await run(program, ['build', '--db=postgres', '--cache=local', '--health-enabled=false'], { log });
  });

function requireDone(reply: Reply): Reply {
  if (reply.status >= 300) throw new Error(`Keycloak: ${reply.status} ${reply.body.slice(0, 200)}`);
  return reply;
}

/** Makes the realm, and the scope of the machine. */
async function makeRealm(client: HttpClient): Promise<void> {
  const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: secret };
  const reply = requireDone(await client.post('/realms/master/protocol/openid-connect/token', form));
  const { access_token: token } = JSON.parse(reply.body) as { access_token: string };
  const headers = { authorization: `Bearer ${token}` };
  requireDone(await client.sendJson('POST', '/admin/realms', realm, headers));
  const scope = { name: 'notes:read', protocol: 'openid-connect' };
  const made = requireDone(await client.sendJson('POST', '/admin/realms/bench/client-scopes', scope, headers));
  const scopeId = made.headers.location!.split('/').at(-1)!;
  const found = requireDone(await client.get('/admin/realms/bench/clients?clientId=machine', headers));
  const [{ id } = { id: '' }] = JSON.parse(found.body) as { id: string }[];
  const path = `/admin/realms/bench/clients/${id}/optional-client-scopes/${scopeId}`;
  requireDone(await client.sendJson('PUT', path, {}, headers));
}

export async function startKeycloak(database: BenchDatabase): Promise<Target> {
  const folder = join(await install(), `keycloak-${version}`);
  await database.create('keycloak');
  const port = await freePort();
  const origin = `http://idp.localhost:${port}`;
  const args = [
    'start',
    '--optimized',
    '--cache=local',
    '--http-enabled=true',
    '--http-host=127.0.0.1',
    `--http-port=${port}`,
    `--hostname=${origin}`,
    `--db-url=jdbc:postgresql://127.0.0.1:${database.port}/keycloak`,
    '--db-username=frontdesk',
    '--log-level=warn',
  ];
  const options = { environment: administrator, log: join(temporaryFolder(), 'keycloak.log') };
  const ready = `${origin}/realms/master/.well-known/openid-configuration`;
  const running = await startPeer(join(folder, 'bin/kc.sh'), args, options, ready);
  const client = createHttpClient(new URL(origin).host, port, 1);
  await makeRealm(client);
  client.close();
  return {
    name: 'Keycloak',
    issuer: `${origin}/realms/bench`,
    port,
    ...running,
    databasePid: database.pid,
    databaseName: 'keycloak',
    app: { id: 'app', secret, redirectUri },
    machine: { id: 'machine', secret, redirectUri },
    hasPasswords: true,
    dialect,
    warmsUp: true,
    about: `${version}, kc.sh build --db=postgres --cache=local, start --optimized; refresh tokens rotate, access tokens of machines ES256, all else as it comes (argon2id with 7 MiB and five passes)`,
  };
}
