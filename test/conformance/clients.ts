/** The suite's clients at the provider under test: registered by its operator, or allowed to register themselves. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { withJsonFile, type ProviderUnderTest } from './provider.ts';
import type { Profile } from './profile.ts';

export interface PlanClients {
  /** What the plan's configuration says of them. */
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

/** How one client is registered from its metadata (OpenID Connect Dynamic Client Registration 1.0 §2). */
type Register = (metadata: Record<string, unknown>) => Promise<Registered>;

const credentialsAnswer = z.object({ client_id: z.string(), client_secret: z.string() });
const managedAnswer = credentialsAnswer.extend({
  registration_client_uri: z.url(),
  registration_access_token: z.string(),
});
const tokenAnswer = z.object({ id: z.string(), token: z.string() });

const scope = 'openid profile email address phone offline_access';

/** Metadata that `frontdesk clients register` has an option for. `undefined`: it sets that by itself. */
const optionsOf: Record<string, string | undefined> = {
  client_name: '--name',
  redirect_uris: '--redirect-uri',
  post_logout_redirect_uris: '--post-logout-redirect-uri',
  backchannel_logout_uri: '--back-channel-logout-uri',
  backchannel_logout_session_required: undefined,
  frontchannel_logout_uri: '--front-channel-logout-uri',
  frontchannel_logout_session_required: undefined,
};

/** Metadata as options of `frontdesk clients register`, and the rest of it, which has none. */
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

/** With the program, as an operator does. Where CONFORMANCE_PROFILE is on, the client is marked as the suite's. */
const registerByProgram =
  ({ command }: ProviderUnderTest, { conformanceProfile }: Profile): Register =>
  async (metadata) => {
    const { options, rest } = registrationOptions(metadata);
    const id = `conformance-${randomBytes(6).toString('hex')}`;
    const mark = conformanceProfile === 'on' ? ['--conformance'] : [];
    const register = ['clients', 'register', '--json', '--kind', 'web', '--id', id, '--scope', scope];
    const words = [...register, ...mark, ...options];
    const isAllSaid = Object.keys(rest).length === 0;
    const printed = await (isAllSaid
      ? command(words)
      : withJsonFile(rest, (path) => command([...words, '--metadata', path])));
    return {
      credentials: credentialsAnswer.parse(JSON.parse(printed)),
      remove: async () => void (await command(['clients', 'remove', id])),
    };
  };

/** With a registration token: where the program cannot reach the deployment's database. */
const registerByToken =
  (issuer: string, token: string): Register =>
  async (metadata) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
    const body = JSON.stringify({ ...metadata, scope });
    const response = await fetch(`${issuer}/oauth/register`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`${issuer} registers no client: ${response.status} ${await response.text()}`);
    const made = managedAnswer.parse(await response.json());
    return {
      credentials: { client_id: made.client_id, client_secret: made.client_secret },
      async remove() {
        const authorization = { Authorization: `Bearer ${made.registration_access_token}` };
        await fetch(made.registration_client_uri, { method: 'DELETE', headers: authorization });
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
    // What a client of the kind web has unless it is told otherwise.
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
  const wanted = [
    ['client', 'client_secret_basic'],
    ['client2', 'client_secret_basic'],
    ['client_secret_post', 'client_secret_post'],
  ] as const;
  const made: Registered[] = [];
  const configuration: Record<string, unknown> = { alias };
  const remove = async () => {
    for (const client of made) await client.remove();
  };
  try {
    for (const [label, method] of wanted) {
      const client = await register(metadata(label, method));
      made.push(client);
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

/** @param registrationToken in place of the program, where CONFORMANCE_PROFILE is on */
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
  // Some modules register two clients, and some none.
  const uses = String(profile.modules * 2);
  const printed = await target.command(['registration-tokens', 'create', '--json', '--expires', '6h', '--uses', uses]);
  const { id, token } = tokenAnswer.parse(JSON.parse(printed));
  const remove = async () => void (await target.command(['registration-tokens', 'remove', id]));
  return dynamicClients(profile.name, token, remove);
}
