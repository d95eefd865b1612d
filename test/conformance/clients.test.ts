/** The clients of the suite are registered at a running server. */
import { findClient } from '../../src/clients/client-repository.ts';
import { startConformanceServer } from '../support/suite.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { runFrontdesk } from '../support/terminal.ts';
import { registerClients, type PlanClients } from './clients.ts';
import { readProfiles } from './profile.ts';
import { requireConformanceProfile, type ProviderUnderTest } from './provider.ts';
import { SettingsError } from './settings.ts';

const suite = 'https://suite.example';
const profileOf = (name: string) => readProfiles().find((profile) => profile.name === name)!;

/** Closes the servers of a test, whether it passed or not. */
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serverOf(start: typeof startFrontdesk): Promise<Frontdesk> {
  const frontdesk = await start();
  closing.push(() => frontdesk.close());
  return frontdesk;
}

/** @param words the arguments of every command are added to it */
function targetOf({ issuer, database, secret }: Frontdesk, words: string[] = []): ProviderUnderTest {
  const environment = { ISSUER: issuer, DATABASE_URL: database.url, SECRET: secret };
  const command = async (args: string[]) => {
    words.push(...args);
    const { code, out, error } = await runFrontdesk(args, environment);
    if (code !== 0) throw new Error(error);
    return out;
  };
  return { issuer, login: 'ann', password: 'secret', command, logFile: undefined, close: async () => {} };
}

const idOf = ({ configuration }: PlanClients, label: string) =>
  (configuration[label] as { client_id: string }).client_id;

test('without CONFORMANCE_PROFILE, clients are registered with the options of any web app', async () => {
  const frontdesk = await serverOf(startFrontdesk);
  const words: string[] = [];
  const target = targetOf(frontdesk, words);
  // With the registration token the clients would be self-registered.
  const clients = await registerClients(target, profileOf('default-back-channel-logout-static'), suite, 'a token');
  expect(words).not.toContain('--conformance');
  expect(words.filter((word) => word === '--metadata')).toHaveLength(1);
  const alias = `${suite}/test/a/frontdesk-default-back-channel-logout-static`;
  const found = await findClient(frontdesk.db, idOf(clients, 'client'));
  expect(found).toMatchObject({
    kind: 'web',
    isFirstParty: false,
    isSelfRegistered: false,
    metadata: {
      redirect_uris: [`${alias}/callback`],
      post_logout_redirect_uris: [`${alias}/post_logout_redirect`],
      backchannel_logout_uri: `${alias}/backchannel_logout`,
      backchannel_logout_session_required: true,
      token_endpoint_auth_method: 'client_secret_basic',
    },
  });
  expect(found!.metadata).not.toHaveProperty('conformance_client');
  const posting = await findClient(frontdesk.db, idOf(clients, 'client_secret_post'));
  expect(posting!.metadata).toMatchObject({ token_endpoint_auth_method: 'client_secret_post' });
  await clients.remove();
  expect(await findClient(frontdesk.db, found!.id)).toBeUndefined();
});

test('with CONFORMANCE_PROFILE, clients are marked as clients of the suite', async () => {
  const frontdesk = await serverOf(startConformanceServer);
  const clients = await registerClients(targetOf(frontdesk), profileOf('basic-static'), suite, undefined);
  const found = await findClient(frontdesk.db, idOf(clients, 'client'));
  expect(found!.metadata).toMatchObject({ conformance_client: true });
});

test('a deployment is not tested when its CONFORMANCE_PROFILE is not the one of the profile', async () => {
  const { issuer } = await serverOf(startFrontdesk);
  await requireConformanceProfile(issuer, 'off');
  await expect(requireConformanceProfile(issuer, 'on')).rejects.toThrow(SettingsError);
  const { issuer: other } = await serverOf(startConformanceServer);
  await requireConformanceProfile(other, 'on');
  await expect(requireConformanceProfile(other, 'off')).rejects.toThrow('runs with CONFORMANCE_PROFILE on');
});
