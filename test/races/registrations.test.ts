/** Sends concurrent changes of one registration (RFC 7592) to two servers. */
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { callAs } from '../support/flow.ts';
import { asApp, callback, registered, send, withRegistration, type Registered } from '../support/registration.ts';

let firstServer: Frontdesk;
let secondServer: Frontdesk;

beforeAll(async () => {
  firstServer = await startFrontdesk({ settings: { ...withRegistration, RATE_LIMIT_FACTOR: '100' } });
  secondServer = await startFrontdesk({
    sameDeploymentAs: firstServer,
    settings: { ...withRegistration, RATE_LIMIT_FACTOR: '100' },
  });
});

/** Whether the client authenticates with this secret. */
async function isSecretOf(client: Registered, secret: string): Promise<boolean> {
  const app = asApp({ ...client, client_secret: secret });
  return (await callAs(firstServer, app, '/oauth/introspect', { token: 'x' })).status === 200;
}

/** Sends changes at once, alternating between the servers. @returns the client secrets in the responses */
async function changeAtOnce(client: Registered, methods: string[]): Promise<string[]> {
  const { registration_client_uri: uri, registration_access_token: token, client_id: id } = client;
  const responses = await Promise.all(
    methods.map((method, index) => {
      const name = `Name ${index}`;
      const body = { client_id: id, client_name: name, redirect_uris: [callback], token_endpoint_auth_method: method };
      return send(uri, 'PUT', token, body, [firstServer.port, secondServer.port][index % 2]);
    }),
  );
  expect(responses.map(({ status }) => status)).toEqual(methods.map(() => 200));
  return responses.flatMap((response) => response.json<Partial<Registered>>().client_secret ?? []);
}

test('when concurrent changes give a client its first secret, one response has it', async () => {
  const client = await registered(firstServer, { token_endpoint_auth_method: 'none' });
  const secrets = await changeAtOnce(client, Array<string>(20).fill('client_secret_basic'));
  expect(secrets).toHaveLength(1);
  expect(await isSecretOf(client, secrets[0]!)).toBe(true);
});

test('after concurrent changes one secret is valid if the last change needs one, and none otherwise', async () => {
  const client = await registered(firstServer, { token_endpoint_auth_method: 'none' });
  const methods = Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? 'none' : 'client_secret_basic'));
  const secrets = await changeAtOnce(client, methods);
  const areValid = await Promise.all(secrets.map((secret) => isSecretOf(client, secret)));
  const current = await send(client.registration_client_uri, 'GET', client.registration_access_token);
  const needsSecret = current.json<Registered>()['token_endpoint_auth_method'] !== 'none';
  expect(areValid.filter(Boolean)).toHaveLength(needsSecret ? 1 : 0);
});
