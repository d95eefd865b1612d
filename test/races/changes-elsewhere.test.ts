/**
 * A change by one process takes effect in another process within a second, whatever happens to the connection on which that
 * process receives notifications.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { registerApi, removeApi } from '../../src/apis/register-api.ts';
import { findClient } from '../../src/clients/client-repository.ts';
import { addClientSecret, removeClientSecret } from '../../src/clients/client-secret.ts';
import { removeClient } from '../../src/clients/remove-client.ts';
import { updateClient } from '../../src/clients/update-client.ts';
import { createClientValidator } from '../../src/oidc/configuration/client-validator.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { setPolicy } from '../../src/policy/set-policy.ts';
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards, temporaryFolder } from '../support/cleanup.ts';
import { freshDatabase, runSql } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { authorize, callAs, newBrowser, responseParameters } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { ann, app, type RegisteredApp } from '../support/people-and-apps.ts';

/** Maximum time until a change takes effect everywhere. */
const maxDelayMilliseconds = 1_000;

let firstServer: Frontdesk;
let secondServer: Frontdesk;
let proxy: DatabaseProxy;

beforeAll(async () => {
  const database = await freshDatabase();
  proxy = await startDatabaseProxy(database.url);
  firstServer = await startFrontdesk({ database });
  secondServer = await startFrontdesk({ sameDeploymentAs: firstServer, settings: { DATABASE_URL: proxy.url } });
  await ann(firstServer);
});

let count = 0;

/** Registers an API, and a machine that gets tokens for it. */
async function machineWithApi(tokenFormat: 'jwt' | 'opaque' = 'jwt') {
  count += 1;
  const audience = `https://api-${count}.example`;
  const api = { audience, name: 'API', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: undefined };
  await registerApi(firstServer.db, { ...api, tokenFormat, jwtType: 'at+jwt' }, 'command-line');
  const registration = { id: `machine-${count}`, kind: 'machine', apis: [{ audience }] } as const;
  return { audience, machine: await app(firstServer, { ...registration, apis: [{ audience }] }) };
}

const tokenAtSecond = (machine: RegisteredApp) =>
  callAs(firstServer, machine, '/oauth/token', { grant_type: 'client_credentials' }, secondServer.port);
const statusAtSecond = async (machine: RegisteredApp) => (await tokenAtSecond(machine)).status;

/** A change at the first server, and what it changes in responses of the second one. */
interface Change {
  before: unknown;
  after: unknown;
  /** `look` sends a request to the second server, also before the change, and returns a part of the response. */
  prepare: () => Promise<{
    look: () => Promise<unknown>;
    change: () => Promise<unknown>;
    restore?: () => Promise<void>;
  }>;
}

const changes: Record<string, Change> = {
  'a client that is removed': {
    before: 200,
    after: 401,
    async prepare() {
      const { machine } = await machineWithApi();
      return {
        look: () => statusAtSecond(machine),
        change: () => removeClient(firstServer.db, machine.id, 'command-line'),
      };
    },
  },
  'a secret that is removed': {
    before: 200,
    after: 401,
    async prepare() {
      const { machine } = await machineWithApi();
      const [secret] = (await findClient(firstServer.db, machine.id))!.secrets;
      await addClientSecret(firstServer, machine.id, { by: 'command-line' });
      const change = () => removeClientSecret(firstServer.db, machine.id, secret!.id, 'command-line');
      return { look: () => statusAtSecond(machine), change };
    },
  },
  'a secret that is added': {
    before: 401,
    after: 200,
    async prepare() {
      const { machine } = await machineWithApi();
      let { secret } = { ...machine, secret: 'wrong' };
      await statusAtSecond(machine);
      const change = async () => ({ secret } = await addClientSecret(firstServer, machine.id, { by: 'command-line' }));
      return { look: () => statusAtSecond({ ...machine, secret }), change };
    },
  },
  'a redirect URI that is changed': {
    before: undefined,
    after: 'https://new.example/callback',
    async prepare() {
      count += 1;
      const { id, redirectUri } = await app(firstServer, { id: `app-${count}`, isFirstParty: true });
      const validate = createClientValidator({ ...firstServer, protocol: firstServer.config.protocol });
      const changed = { id, secret: undefined, redirectUri: 'https://new.example/callback' };
      await newBrowser(secondServer, secondServer.port).visit(authorize(firstServer, { ...changed, redirectUri }).url);
      return {
        async look() {
          const page = await newBrowser(secondServer, secondServer.port).visit(
            authorize(firstServer, changed, { prompt: 'none' }).url,
          );
          return page.location?.split('?')[0];
        },
        change: () =>
          updateClient({ ...firstServer, validate, by: 'command-line' }, id, { redirectUris: [changed.redirectUri] }),
      };
    },
  },
  'an API that is changed': {
    before: 300,
    after: 120,
    async prepare() {
      const { audience, machine } = await machineWithApi();
      const text = 'update apis set access_token_lifetime_seconds = 120 where audience = $1';
      return {
        look: async () => (await tokenAtSecond(machine)).json()['expires_in'],
        change: () => runSql(firstServer.db, text, [audience]),
      };
    },
  },
  'an API that is removed': {
    before: 200,
    after: 400,
    async prepare() {
      const { audience, machine } = await machineWithApi();
      return { look: () => statusAtSecond(machine), change: () => removeApi(firstServer.db, audience, 'command-line') };
    },
  },
  'an origin that no client has any more': {
    before: 'https://pages.example',
    after: undefined,
    async prepare() {
      count += 1;
      const origin = 'https://pages.example';
      const { id } = await app(firstServer, {
        id: `app-${count}`,
        kind: 'single-page',
        redirectUris: [`${origin}/callback`],
      });
      return {
        async look() {
          const headers = { origin, 'access-control-request-method': 'POST' };
          const response = await sendRequest(
            `${firstServer.issuer}/oauth/token`,
            { method: 'OPTIONS', headers },
            secondServer.port,
          );
          return response.headers['access-control-allow-origin'];
        },
        change: () => removeClient(firstServer.db, id, 'command-line'),
      };
    },
  },
  'a policy that is changed': {
    before: 'login_required',
    after: 'invalid_request',
    async prepare() {
      count += 1;
      const registered = await app(firstServer, { id: `app-${count}` });
      const setPkce = (value: string) => setPolicy(firstServer.db, 'pkce', value, 'command-line');
      const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined, prompt: 'none' };
      return {
        async look() {
          const page = await newBrowser(secondServer, secondServer.port).visit(
            authorize(firstServer, registered, withoutPkce).url,
          );
          return responseParameters(page)['error'];
        },
        change: () => setPkce('all'),
        restore: () => setPkce('public'),
      };
    },
  },
};

/** Whether a server uses its cache. */
async function isFollowing({ db }: Frontdesk): Promise<boolean> {
  let reads = 0;
  const find = () => db.cache.find('probes', 'probe', async () => (reads += 1));
  await find();
  await find();
  db.cache.drop('probes');
  return reads === 1;
}

/**
 * Looks three times: before the change, when the maximum time has passed after it, and when the second server receives
 * notifications again.
 *
 * @param disturb called before the change @returns a function that ends the disturbance
 */
async function observe({ prepare }: Change, disturb: () => (() => void) | void): Promise<unknown[]> {
  await eventually(() => isFollowing(secondServer));
  const { look, change, restore } = await prepare();
  const before = await look();
  const endDisturbance = disturb();
  await change();
  await sleep(maxDelayMilliseconds);
  const after = await look();
  endDisturbance?.();
  await eventually(() => isFollowing(secondServer));
  const later = await look();
  await restore?.();
  return [before, after, later];
}

describe.each(Object.entries(changes))('%s', (_name, change) => {
  const expected = [change.before, change.after, change.after];

  test('takes effect in another process within a second', async () => {
    expect(await observe(change, () => {})).toEqual(expected);
  });

  test('takes effect in it when its connection for notifications is silent', async () => {
    expect(await observe(change, () => proxy.silenceListeners())).toEqual(expected);
  });

  test('takes effect in it when its connections were just lost', async () => {
    expect(await observe(change, () => proxy.cut())).toEqual(expected);
  });
});

test('a removal right after a restart of the database holds on another process within a second', async () => {
  const folder = temporaryFolder();
  const start = () => startEmbeddedPostgres(folder, folder, { role: 'command', onStep: () => {} });
  let server = await start();
  closeAfterwards(() => server.stop());
  const settings = { DATABASE_URL: server.url };
  const first = await startFrontdesk({ settings });
  const second = await startFrontdesk({ sameDeploymentAs: first, settings });
  const machine = await app(first, { id: 'machine', kind: 'machine' });
  const status = async () => (await callAs(first, machine, '/oauth/introspect', { token: 'none' }, second.port)).status;
  await eventually(() => isFollowing(second));
  const before = await status();
  await server.stop();
  server = await start();
  await eventually(async () => (await status()) === 200);
  await removeClient(first.db, machine.id, 'command-line');
  await sleep(maxDelayMilliseconds);
  const after = await status();
  await eventually(() => isFollowing(second));
  expect([before, after, await status()]).toEqual([200, 401, 401]);
});
