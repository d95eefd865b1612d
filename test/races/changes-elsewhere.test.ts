/**
 * What one process changes holds in another a second later, whatever happens to the connection that tells it of changes.
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

/** A change holds everywhere after this time, in milliseconds. */
const promise = 1_000;

let one: Frontdesk;
let two: Frontdesk;
let proxy: DatabaseProxy;

beforeAll(async () => {
  const database = await freshDatabase();
  proxy = await startDatabaseProxy(database.url);
  one = await startFrontdesk({ database });
  two = await startFrontdesk({ sameDeploymentAs: one, settings: { DATABASE_URL: proxy.url } });
  await ann(one);
});

let count = 0;

/** An API of its own, and a machine that gets tokens for it; `opaque` ones are stored. */
async function machineWithApi(tokenFormat: 'jwt' | 'opaque' = 'jwt') {
  count += 1;
  const audience = `https://api-${count}.example`;
  const api = { audience, name: 'API', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: undefined };
  await registerApi(one.db, { ...api, tokenFormat, jwtType: 'at+jwt' }, 'command-line');
  const registration = { id: `machine-${count}`, kind: 'machine', apis: [{ audience }] } as const;
  return { audience, machine: await app(one, { ...registration, apis: [{ audience }] }) };
}

const tokenAtTwo = (machine: RegisteredApp) =>
  callAs(one, machine, '/oauth/token', { grant_type: 'client_credentials' }, two.port);
const statusAtTwo = async (machine: RegisteredApp) => (await tokenAtTwo(machine)).status;

/** What process two answers, and how that is changed at process one. */
interface Change {
  before: unknown;
  after: unknown;
  /** Prepares a case. Process two has answered once before the change. */
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
      return { look: () => statusAtTwo(machine), change: () => removeClient(one.db, machine.id, 'command-line') };
    },
  },
  'a secret that is removed': {
    before: 200,
    after: 401,
    async prepare() {
      const { machine } = await machineWithApi();
      const [secret] = (await findClient(one.db, machine.id))!.secrets;
      await addClientSecret(one, machine.id, { by: 'command-line' });
      const change = () => removeClientSecret(one.db, machine.id, secret!.id, 'command-line');
      return { look: () => statusAtTwo(machine), change };
    },
  },
  'a secret that is added': {
    before: 401,
    after: 200,
    async prepare() {
      const { machine } = await machineWithApi();
      let { secret } = { ...machine, secret: 'wrong' };
      await statusAtTwo(machine);
      const change = async () => ({ secret } = await addClientSecret(one, machine.id, { by: 'command-line' }));
      return { look: () => statusAtTwo({ ...machine, secret }), change };
    },
  },
  'a redirect URI that is changed': {
    before: undefined,
    after: 'https://new.example/callback',
    async prepare() {
      count += 1;
      const { id, redirectUri } = await app(one, { id: `app-${count}`, isFirstParty: true });
      const validate = createClientValidator({ ...one, protocol: one.config.protocol });
      const changed = { id, secret: undefined, redirectUri: 'https://new.example/callback' };
      await newBrowser(two, two.port).visit(authorize(one, { ...changed, redirectUri }).url);
      return {
        async look() {
          const page = await newBrowser(two, two.port).visit(authorize(one, changed, { prompt: 'none' }).url);
          return page.location?.split('?')[0];
        },
        change: () =>
          updateClient({ ...one, validate, by: 'command-line' }, id, { redirectUris: [changed.redirectUri] }),
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
        look: async () => (await tokenAtTwo(machine)).json()['expires_in'],
        change: () => runSql(one.db, text, [audience]),
      };
    },
  },
  'an API that is removed': {
    before: 200,
    after: 400,
    async prepare() {
      const { audience, machine } = await machineWithApi();
      return { look: () => statusAtTwo(machine), change: () => removeApi(one.db, audience, 'command-line') };
    },
  },
  'an origin that no client has any more': {
    before: 'https://pages.example',
    after: undefined,
    async prepare() {
      count += 1;
      const origin = 'https://pages.example';
      const { id } = await app(one, { id: `app-${count}`, kind: 'single-page', redirectUris: [`${origin}/callback`] });
      return {
        async look() {
          const headers = { origin, 'access-control-request-method': 'POST' };
          const response = await sendRequest(`${one.issuer}/oauth/token`, { method: 'OPTIONS', headers }, two.port);
          return response.headers['access-control-allow-origin'];
        },
        change: () => removeClient(one.db, id, 'command-line'),
      };
    },
  },
  'a policy that is changed': {
    before: 'login_required',
    after: 'invalid_request',
    async prepare() {
      count += 1;
      const registered = await app(one, { id: `app-${count}` });
      const setPkce = (value: string) => setPolicy(one.db, 'pkce', value, 'command-line');
      const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined, prompt: 'none' };
      return {
        async look() {
          const page = await newBrowser(two, two.port).visit(authorize(one, registered, withoutPkce).url);
          return responseParameters(page)['error'];
        },
        change: () => setPkce('all'),
        restore: () => setPkce('public'),
      };
    },
  },
};

/** Whether a process takes rows from memory. */
async function isFollowing({ db }: Frontdesk): Promise<boolean> {
  let reads = 0;
  const find = () => db.cache.find('probes', 'probe', async () => (reads += 1));
  await find();
  await find();
  db.cache.drop('probes');
  return reads === 1;
}

/**
 * Three answers of process two: before a change, to a request that begins when the time of the promise has passed, and
 * when the process is told of changes again.
 *
 * @param disturb called before the change; returns what ends the disturbance
 */
async function answers({ prepare }: Change, disturb: () => (() => void) | void): Promise<unknown[]> {
  await eventually(() => isFollowing(two));
  const { look, change, restore } = await prepare();
  const before = await look();
  const endDisturbance = disturb();
  await change();
  await sleep(promise);
  const after = await look();
  endDisturbance?.();
  await eventually(() => isFollowing(two));
  const later = await look();
  await restore?.();
  return [before, after, later];
}

describe.each(Object.entries(changes))('%s', (_name, change) => {
  const expected = [change.before, change.after, change.after];

  test('holds on another process within a second', async () => {
    expect(await answers(change, () => {})).toEqual(expected);
  });

  test('holds on it when its connection for notifications is silently dead', async () => {
    expect(await answers(change, () => proxy.silenceListeners())).toEqual(expected);
  });

  test('holds on it when its connections were just lost', async () => {
    expect(await answers(change, () => proxy.cut())).toEqual(expected);
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
  await sleep(promise);
  const after = await status();
  await eventually(() => isFollowing(second));
  expect([before, after, await status()]).toEqual([200, 401, 401]);
});
