/** An app changes its client secret while it is in use. */
import { addClientSecret, removeClientSecret } from '../../src/clients/client-secret.ts';
import { updateClient } from '../../src/clients/update-client.ts';
import { createClientValidator } from '../../src/oidc/configuration/client-validator.ts';
import { ann, app, audience, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql, statement } from '../support/database.ts';
import { callAs } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';

let frontdesk: Frontdesk;
let machines = 0;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await notesApi(frontdesk);
  await ann(frontdesk);
});

const machine = (): Promise<RegisteredApp> =>
  app(frontdesk, { id: `machine-${(machines += 1)}`, kind: 'machine', apis: [{ audience }] });

const add = (id: string, seconds?: number) => addClientSecret(frontdesk, id, { seconds, by: 'command-line' });

const token = async (client: RegisteredApp, secret: string | undefined, beside = frontdesk.port) => {
  const form = { grant_type: 'client_credentials', resource: audience };
  const response = await callAs(frontdesk, { ...client, secret }, '/oauth/token', form, beside);
  return response.status === 200 ? 'token' : (response.json()['error'] as string);
};

interface Row {
  id: string;
  last_used_at: Date | null;
}
const secretsOf = (id: string) =>
  runSql<Row>(frontdesk.db, `select * from client_secrets where client_id = '${id}' order by created_at`);
const write = (text: string) => frontdesk.db.inUnitOfWork(async () => frontdesk.db.write(statement(text)));

test('both secrets are valid until one is removed', async () => {
  const client = await machine();
  const { secret, id } = await add(client.id);
  expect([await token(client, client.secret), await token(client, secret)]).toEqual(['token', 'token']);
  const [old] = await secretsOf(client.id);
  await removeClientSecret(frontdesk.db, client.id, old!.id, 'command-line');
  expect([await token(client, client.secret), await token(client, secret)]).toEqual(['invalid_client', 'token']);
  await removeClientSecret(frontdesk.db, client.id, id, 'command-line');
  expect(await token(client, secret)).toBe('invalid_client');
});

test('an expired secret is refused, in every process and to the second', async () => {
  const client = await machine();
  const { secret, id } = await add(client.id, 3600);
  expect(await token(client, secret)).toBe('token');
  await write(`update client_secrets set expires_at = now() where id = '${id}'`);
  expect([await token(client, secret), await token(client, client.secret)]).toEqual(['invalid_client', 'token']);
});

test('a secret that is not the client’s is refused, and counts as no use', async () => {
  const [client, other] = [await machine(), await machine()];
  for (const secret of [other.secret, 'fd_client_', '']) expect(await token(client, secret)).not.toBe('token');
  expect(await secretsOf(client.id)).toMatchObject([{ last_used_at: null }]);
});

test('the time of the last use is written once an hour, so that token requests stay cheap', async () => {
  const client = await machine();
  expect(await token(client, client.secret)).toBe('token');
  const [first] = await secretsOf(client.id);
  expect(Date.now() - first!.last_used_at!.getTime()).toBeLessThan(60_000);
  for (let round = 0; round < 5; round += 1) await token(client, client.secret);
  expect(await secretsOf(client.id)).toEqual([first]);
  await write(`update client_secrets set last_used_at = now() - interval '61 minutes' where id = '${first!.id}'`);
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => token(client, client.secret)));
  expect(new Set(outcomes)).toEqual(new Set(['token']));
  const [later] = await secretsOf(client.id);
  expect(later!.last_used_at!.getTime()).toBeGreaterThanOrEqual(first!.last_used_at!.getTime());
});

test('a request that is refused after the secret was accepted counts as a use all the same', async () => {
  const client = await machine();
  const form = { grant_type: 'client_credentials', resource: 'https://other.example' };
  expect((await callAs(frontdesk, client, '/oauth/token', form)).status).toBe(400);
  expect((await secretsOf(client.id))[0]!.last_used_at).not.toBeNull();
});

test('what an operator changes counts at once', async () => {
  const { db, keyring, log, issuer, outgoing, config } = frontdesk;
  const client = await machine();
  expect(await token(client, client.secret)).toBe('token');
  const validate = createClientValidator({ db, keyring, log, issuer, outgoing, protocol: config.protocol });
  await updateClient({ db, keyring, validate, issuer, by: 'command-line' }, client.id, { apis: [] });
  expect(await token(client, client.secret)).toBe('invalid_target');
});
