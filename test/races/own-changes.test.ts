/** A process sees its own changes at once: within the unit of work, and in the first request after it. */
import { listCachedApis } from '../../src/apis/api-repository.ts';
import { registerApi, removeApi } from '../../src/apis/register-api.ts';
import { findCachedClient, isKnownOrigin, updateSendsPkce } from '../../src/clients/client-repository.ts';
import { addClientSecret, removeClientSecret } from '../../src/clients/client-secret.ts';
import { replaceSecretHash, updateSecretLastUsed } from '../../src/clients/client-secret-repository.ts';
import { removeClient } from '../../src/clients/remove-client.ts';
import { updateClient } from '../../src/clients/update-client.ts';
import { createClientValidator } from '../../src/oidc/configuration/client-validator.ts';
import { findCachedPolicy } from '../../src/policy/policy-repository.ts';
import { setPolicy } from '../../src/policy/set-policy.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { app } from '../support/people-and-apps.ts';

const by = 'command-line';
const audience = 'https://api.example';
const origin = 'http://changing.localhost:9';

let frontdesk: Frontdesk;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
});

/** What the process takes from memory when it can. */
async function view(): Promise<unknown> {
  const { db } = frontdesk;
  const client = await findCachedClient(db, 'changing');
  const [apis, isKnown, policy] = [
    await listCachedApis(db, [audience]),
    await isKnownOrigin(db, origin),
    await findCachedPolicy(db),
  ];
  return JSON.parse(JSON.stringify({ client, apis, isKnown, policy: policy.pkce }));
}

/** What the database has. */
async function truth(): Promise<unknown> {
  frontdesk.db.cache.clear();
  return view();
}

const update = (details: Parameters<typeof updateClient>[2]) => {
  const validate = createClientValidator({ ...frontdesk, protocol: frontdesk.config.protocol });
  return updateClient({ ...frontdesk, validate, by }, 'changing', details);
};
const secretIds = async () => (await findCachedClient(frontdesk.db, 'changing'))!.secrets.map(({ id }) => id);

const changes: Record<string, () => unknown> = {
  'a name': () => update({ name: 'Another name' }),
  'APIs of a client': () => update({ apis: [{ audience }] }),
  'a secret that is added': () => addClientSecret(frontdesk, 'changing', { by }),
  'a digest of a secret': async () => replaceSecretHash(frontdesk.db, 'changing', (await secretIds())[0]!, 'other'),
  'the use of a secret': async () => updateSecretLastUsed(frontdesk.db, 'changing', (await secretIds())[1]!, 3600),
  'a secret that is removed': async () => removeClientSecret(frontdesk.db, 'changing', (await secretIds())[0]!, by),
  'whether it uses PKCE': () => updateSendsPkce(frontdesk.db, 'changing', true),
  'its kind, which gives it an origin': () => update({ kind: 'single-page' }),
  'its kind, which takes the origin away': () => update({ kind: 'web' }),
  'its kind, which gives the origin back': () => update({ kind: 'single-page' }),
  'an API that is removed': () => removeApi(frontdesk.db, audience, by),
  'an item of the policy': () => setPolicy(frontdesk.db, 'pkce', 'all', by),
  'a client that is removed': () => removeClient(frontdesk.db, 'changing', by),
};

beforeAll(async () => {
  await app(frontdesk, { id: 'changing' });
  const api = { audience, name: 'API', scopes: {}, accessTokenLifetimeSeconds: 300, clientId: undefined };
  await registerApi(frontdesk.db, { ...api, tokenFormat: 'jwt', jwtType: 'at+jwt' }, by);
});

test.each(Object.entries(changes))('%s', async (_name, change) => {
  const before = await view();
  await view();
  const during = await frontdesk.db.inUnitOfWork(async () => {
    await change();
    return view();
  });
  const after = await view();
  const stored = await truth();
  expect(stored).not.toEqual(before);
  expect([during, after]).toEqual([stored, stored]);
});
