/** Tests that a client secret can be replaced while the app is in use, and that its last use is recorded. */
import { addClientSecret, removeClientSecret } from '../../src/clients/client-secret.ts';
import { updateClient } from '../../src/clients/update-client.ts';
import { createClientValidator } from '../../src/oidc/configuration/client-validator.ts';
import { ann, app, audience, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql, statement } from '../support/database.ts';
import { callAs } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let machineCount = 0;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
});

/** Registers a client with the client credentials grant. */
const newMachine = (): Promise<RegisteredApp> =>
  app(frontdesk, { id: `machine-${(machineCount += 1)}`, kind: 'machine', apis: [{ audience }] });

/** Adds a secret. @param seconds that it is valid for; for ever when left out */
const addSecret = (id: string, seconds?: number) => addClientSecret(frontdesk, id, { seconds, by: 'command-line' });

/** Requests a token. @returns 'token', or the error code */
const requestToken = async (client: RegisteredApp, secret: string | undefined) => {
  const form = { grant_type: 'client_credentials', resource: audience };
  const response = await callAs(frontdesk, { ...client, secret }, '/oauth/token', form);
  return response.status === 200 ? 'token' : (response.json()['error'] as string);
};

interface SecretRow {
  id: string;
  last_used_at: Date | null;
}
const secretsOf = (id: string) =>
  runSql<SecretRow>(frontdesk.db, `select * from client_secrets where client_id = '${id}' order by created_at`);
const write = (text: string) => frontdesk.db.inUnitOfWork(async () => frontdesk.db.write(statement(text)));

test('two secrets of a client are valid until one is removed', async () => {
  const client = await newMachine();
  const { secret, id } = await addSecret(client.id);
  expect([await requestToken(client, client.secret), await requestToken(client, secret)]).toEqual(['token', 'token']);
  const [old] = await secretsOf(client.id);
  await removeClientSecret(frontdesk.db, client.id, old!.id, 'command-line');
  expect([await requestToken(client, client.secret), await requestToken(client, secret)]).toEqual([
    'invalid_client',
    'token',
  ]);
  await removeClientSecret(frontdesk.db, client.id, id, 'command-line');
  expect(await requestToken(client, secret)).toBe('invalid_client');
});

test('a secret is refused once it has expired', async () => {
  const client = await newMachine();
  const { secret, id } = await addSecret(client.id, 3600);
  expect(await requestToken(client, secret)).toBe('token');
  await write(`update client_secrets set expires_at = now() where id = '${id}'`);
  expect([await requestToken(client, secret), await requestToken(client, client.secret)]).toEqual([
    'invalid_client',
    'token',
  ]);
});

test('a secret of another client is refused, and is not recorded as a use', async () => {
  const [client, other] = [await newMachine(), await newMachine()];
  for (const secret of [other.secret, 'fd_client_', '']) expect(await requestToken(client, secret)).not.toBe('token');
  expect(await secretsOf(client.id)).toMatchObject([{ last_used_at: null }]);
});

test('the time of the last use is written at most once an hour', async () => {
  const client = await newMachine();
  expect(await requestToken(client, client.secret)).toBe('token');
  const [first] = await secretsOf(client.id);
  expect(Date.now() - first!.last_used_at!.getTime()).toBeLessThan(60_000);
  for (let round = 0; round < 5; round += 1) await requestToken(client, client.secret);
  expect(await secretsOf(client.id)).toEqual([first]);
  await write(`update client_secrets set last_used_at = now() - interval '61 minutes' where id = '${first!.id}'`);
  const results = await Promise.all(Array.from({ length: 20 }, () => requestToken(client, client.secret)));
  expect(new Set(results)).toEqual(new Set(['token']));
  const [later] = await secretsOf(client.id);
  expect(later!.last_used_at!.getTime()).toBeGreaterThanOrEqual(first!.last_used_at!.getTime());
});

test('a request that is refused for another reason than its secret is recorded as a use', async () => {
  const client = await newMachine();
  const form = { grant_type: 'client_credentials', resource: 'https://other.example' };
  expect((await callAs(frontdesk, client, '/oauth/token', form)).status).toBe(400);
  expect((await secretsOf(client.id))[0]!.last_used_at).not.toBeNull();
});

test('a client that an operator updates is used with its new metadata at once', async () => {
  const { db, keyring, log, issuer, outgoing, config } = frontdesk;
  const client = await newMachine();
  expect(await requestToken(client, client.secret)).toBe('token');
  const validate = createClientValidator({ db, keyring, log, issuer, outgoing, protocol: config.protocol });
  await updateClient({ db, keyring, validate, issuer, by: 'command-line' }, client.id, { apis: [] });
  expect(await requestToken(client, client.secret)).toBe('invalid_target');
});
