/** The clients of the suite at the provider under test: registered by the operator, or by the suite itself. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { withJsonFile, type ProviderUnderTest } from './provider.ts';
import type { Profile } from './profile.ts';

export interface PlanClients {
  /** Their part of the plan's configuration. */
  configuration: Record<string, unknown>;
  remove(): Promise<void>;
}

interface Credentials {
  client_id: string;
  client_secret: string;
}

interface Registered {
  credentials: Credentials;
  remove(): Promise<void>;
}

/** Registers one client from its metadata (OpenID Connect Dynamic Client Registration 1.0 §2). */
type Register = (metadata: Record<string, unknown>) => Promise<Registered>;

const credentialsResponse = z.object({ client_id: z.string(), client_secret: z.string() });
const managedResponse = credentialsResponse.extend({
  registration_client_uri: z.url(),
  registration_access_token: z.string(),
});
const tokenResponse = z.object({ id: z.string(), token: z.string() });

const scope = 'openid profile email address phone offline_access';

/** Metadata → its option of `frontdesk clients register`; `undefined`: the command sets it without an option. */
const optionsOf: Record<string, string | undefined> = {
  client_name: '--name',
  redirect_uris: '--redirect-uri',
  post_logout_redirect_uris: '--post-logout-redirect-uri',
  backchannel_logout_uri: '--back-channel-logout-uri',
  backchannel_logout_session_required: undefined,
  frontchannel_logout_uri: '--front-channel-logout-uri',
  frontchannel_logout_session_required: undefined,
};

/** Metadata as options of `frontdesk clients register`, and the rest, which has no option. */
function registrationOptions(metadata: Record<string, unknown>): {
  options: string[];
  rest: Record<string, unknown>;
} {
  const options: string[] = [];
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metadata)) {
    const option = optionsOf[name];
    if (option !== undefined) options.push(...[value].flat().flatMap((text) => [option, String(text)]));
    else if (!Object.hasOwn(optionsOf, name)) rest[name] = value;
  }
  return { options, rest };
}

/** Registers with the program, as an operator does. With CONFORMANCE_PROFILE, marks the client as one of the suite. */
const registerByProgram =
  ({ command }: ProviderUnderTest, { conformanceProfile }: Profile): Register =>
  async (metadata) => {
    const { options, rest } = registrationOptions(metadata);
    const id = `conformance-${randomBytes(6).toString('hex')}`;
    const mark = conformanceProfile === 'on' ? ['--conformance'] : [];
    const register = ['clients', 'register', '--json', '--kind', 'web', '--id', id, '--scope', scope];
    const args = [...register, ...mark, ...options];
    const needsFile = Object.keys(rest).length > 0;
    const printed = await (needsFile
      ? withJsonFile(rest, (path) => command([...args, '--metadata', path]))
      : command(args));
    return {
      credentials: credentialsResponse.parse(JSON.parse(printed)),
      remove: async () => void (await command(['clients', 'remove', id])),
    };
  };

/** Registers with a registration token, when the program cannot reach the database of the deployment. */
const registerByToken =
  (issuer: string, token: string): Register =>
  async (metadata) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
    const body = JSON.stringify({ ...metadata, scope });
    const response = await fetch(`${issuer}/oauth/register`, { method: 'POST', headers, body });
    if (!response.ok)
      throw new Error(`${issuer} did not register a client: ${response.status} ${await response.text()}`);
    const registered = managedResponse.parse(await response.json());
    return {
      credentials: { client_id: registered.client_id, client_secret: registered.client_secret },
      async remove() {
        const authorization = { Authorization: `Bearer ${registered.registration_access_token}` };
        await fetch(registered.registration_client_uri, { method: 'DELETE', headers: authorization });
      },
    };
  };

async function staticClients(register: Register, { name, logout }: Profile, suite: string): Promise<PlanClients> {
  const alias = `frontdesk-${name}`;
  const at = (page: string) => `${suite}/test/a/${alias}/${page}`;
  const metadata = (label: string, method: string) => ({
    client_name: `Conformance suite: ${name}, ${label}`,
    redirect_uris: [at('callback')],
    post_logout_redirect_uris: [at('post_logout_redirect')],
    // The default of the kind `web`.
    ...(method !== 'client_secret_basic' && { token_endpoint_auth_method: method }),
    ...(logout === 'back-channel' && {
      backchannel_logout_uri: at('backchannel_logout'),
      backchannel_logout_session_required: true,
    }),
    ...(logout === 'front-channel' && {
      frontchannel_logout_uri: at('frontchannel_logout'),
      frontchannel_logout_session_required: true,
    }),
  });
  const methods = [
    ['client', 'client_secret_basic'],
    ['client2', 'client_secret_basic'],
    ['client_secret_post', 'client_secret_post'],
  ] as const;
  const registered: Registered[] = [];
  const configuration: Record<string, unknown> = { alias };
  const remove = async () => {
    for (const client of registered) await client.remove();
  };
  try {
    for (const [label, method] of methods) {
      const client = await register(metadata(label, method));
      registered.push(client);
      configuration[label] = client.credentials;
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { configuration, remove };
}

const dynamicClients = (name: string, token: string, remove: () => Promise<void>): PlanClients => ({
  configuration: {
    client: { client_name: `Conformance suite: ${name}`, initial_access_token: token },
    client2: { client_name: `Conformance suite: ${name}, second`, initial_access_token: token },
  },
  remove,
});

/** @param registrationToken used instead of the program for profiles with CONFORMANCE_PROFILE */
export async function registerClients(
  target: ProviderUnderTest,
  profile: Profile,
  suite: string,
  registrationToken: string | undefined,
): Promise<PlanClients> {
  if (profile.clients === 'none') return { configuration: {}, remove: async () => {} };
  if (profile.clients === 'static') {
    const isByToken = registrationToken !== undefined && profile.conformanceProfile === 'on';
    const register = isByToken ? registerByToken(target.issuer, registrationToken) : registerByProgram(target, profile);
    return staticClients(register, profile, suite);
  }
  if (registrationToken !== undefined) return dynamicClients(profile.name, registrationToken, async () => {});
  // A module registers two clients at most.
  const uses = String(profile.modules * 2);
  const printed = await target.command(['registration-tokens', 'create', '--json', '--expires', '6h', '--uses', uses]);
  const { id, token } = tokenResponse.parse(JSON.parse(printed));
  const remove = async () => void (await target.command(['registration-tokens', 'remove', id]));
  return dynamicClients(profile.name, token, remove);
}
