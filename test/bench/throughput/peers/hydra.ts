/** Ory Hydra, built from its sources through the Go proxy. The driver is its login and consent app. */
import { generateKeyPair, exportJWK } from 'jose';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../interop/processes.ts';
import { temporaryFolder } from '../../../support/cleanup.ts';
import { freePort } from '../../../support/listen.ts';
import type { BenchDatabase } from '../database.ts';
import { createHttpClient, type HttpClient, type Reply } from '../http-client.ts';
import type { Dialect, Target } from '../target.ts';
import { installOnce } from './install.ts';
import { startPeer } from './process.ts';

const version = 'v2.3.0';
// As in its own go.mod; it cannot be installed by name because of its replacements.
const goModule = `module bench

go 1.24

require github.com/ory/hydra/v2 ${version}

replace github.com/gobuffalo/pop/v6 => github.com/ory/pop/v6 v6.2.1-0.20241121111754-e5dfc0f3344b

tool github.com/ory/hydra/v2
`;

const secret = 'a-secret-of-the-bench';
const redirectUri = 'http://app.localhost:9/callback';
const loginApp = 'http://login.localhost:9';

const install = (): Promise<string> =>
  installOnce(`hydra-${version}`, async (folder, log) => {
    const sources = join(folder, 'module');
    mkdirSync(sources);
    writeFileSync(join(sources, 'go.mod'), goModule);
    await run('go', ['mod', 'tidy', '-e'], { folder: sources, log });
    await run('go', ['build', '-o', join(folder, 'hydra'), 'github.com/ory/hydra/v2'], { folder: sources, log });
  });

function requireDone(reply: Reply): Reply {
  if (reply.status >= 300) throw new Error(`Hydra: ${reply.status} ${reply.body.slice(0, 200)}`);
  return reply;
}

/** Accepts a request for sign-in or consent, as a login app does. */
function accept(admin: string): NonNullable<Dialect['visitLoginApp']> {
  return async (location, client) => {
    const { pathname, searchParams } = new URL(location);
    const kind = pathname.slice(1) as 'login' | 'consent';
    const challenge = searchParams.get(`${kind}_challenge`);
    if (challenge === null) throw new Error(`not for the login app: ${location}`);
    const scope = ['openid', 'profile', 'email', 'offline_access'];
    const claims = { name: 'Ann Archer', email: 'ann@example.com', email_verified: true };
    const content = {
      login: { subject: 'ann', remember: true, remember_for: 86_400 },
      consent: { grant_scope: scope, remember: true, remember_for: 86_400, session: { id_token: claims } },
    }[kind];
    const path = `${admin}/admin/oauth2/auth/requests/${kind}/accept?${kind}_challenge=${challenge}`;
    const reply = requireDone(await client.sendJson('PUT', path, content));
    return (JSON.parse(reply.body) as { redirect_to: string }).redirect_to;
  };
}

/** Keys like those of the others: it makes RSA keys of 4096 bits itself. */
async function makeKeys(client: HttpClient, admin: string): Promise<void> {
  for (const [set, alg] of [
    ['hydra.openid.id-token', 'RS256'],
    ['hydra.jwt.access-token', 'ES256'],
  ] as const) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kid: set, alg, use: 'sig' };
    requireDone(await client.sendJson('PUT', `${admin}/admin/keys/${set}`, { keys: [key] }));
  }
}

async function makeClients(client: HttpClient, admin: string): Promise<void> {
  const app = {
    client_id: 'app',
    client_secret: secret,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile email offline_access',
    skip_consent: true,
  };
  const machine = {
    client_id: 'machine',
    client_secret: secret,
    grant_types: ['client_credentials'],
    scope: 'notes:read',
    access_token_strategy: 'jwt',
  };
  for (const each of [app, machine]) requireDone(await client.sendJson('POST', `${admin}/admin/clients`, each));
}

export async function startHydra(database: BenchDatabase): Promise<Target> {
  const program = join(await install(), 'hydra');
  await database.create('hydra');
  const [port, adminPort] = [await freePort(), await freePort()];
  const issuer = `http://idp.localhost:${port}`;
  const admin = `http://127.0.0.1:${adminPort}`;
  const folder = temporaryFolder();
  const configuration = join(folder, 'hydra.json');
  const log = join(folder, 'hydra.log');
  const settings = {
    dsn: `postgres://frontdesk@127.0.0.1:${database.port}/hydra?sslmode=disable&max_conns=20&max_idle_conns=20`,
    serve: { public: { host: '127.0.0.1', port }, admin: { host: '127.0.0.1', port: adminPort } },
    urls: { self: { issuer }, login: `${loginApp}/login`, consent: `${loginApp}/consent` },
    secrets: { system: [secret.repeat(2)] },
    // Secrets of clients are random: one round is enough.
    oauth2: { hashers: { algorithm: 'pbkdf2', pbkdf2: { iterations: 1 } } },
    ttl: { access_token: '5m', id_token: '5m' },
    log: { level: 'error' },
    sqa: { opt_out: true },
  };
  writeFileSync(configuration, JSON.stringify(settings));
  await run(program, ['migrate', 'sql', 'up', '-c', configuration, '-e', '--yes'], {
    log,
    environment: { DSN: settings.dsn },
  });
  const args = ['serve', 'all', '--dev', '-c', configuration];
  const running = await startPeer(program, args, { log }, `${admin}/health/ready`);
  const client = createHttpClient(new URL(issuer).host, port, 1);
  await makeKeys(client, admin);
  await makeClients(client, admin);
  client.close();
  return {
    name: 'Ory Hydra',
    issuer,
    port,
    ...running,
    databasePid: database.pid,
    databaseName: 'hydra',
    app: { id: 'app', secret, redirectUri },
    machine: { id: 'machine', secret, redirectUri },
    hasPasswords: false,
    dialect: {
      paths: {
        authorization: '/oauth2/auth',
        token: '/oauth2/token',
        userinfo: '/userinfo',
        introspection: `${admin}/admin/oauth2/introspect`,
        keys: '/.well-known/jwks.json',
      },
      refreshScope: 'openid profile email offline_access',
      fillIn: () => undefined,
      visitLoginApp: accept(admin),
    },
    warmsUp: true,
    about: `${version}; tuned: log level error, 20 connections that stay open, secrets of clients hashed once, RSA keys of 2048 bits, access tokens of machines ES256; sign-in and consent are accepted by the driver, and their app is not counted`,
  };
}
