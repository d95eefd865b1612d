/** An authorization request that waits for a person, with the values that the sign-in and consent pages need. */
import type { Interaction } from 'oidc-provider';
import { findCachedClient, type StoredClient } from '../../clients/client-repository.ts';
import { Refusal } from '../../errors.ts';
import type { Permissions } from '../../grants/consent.ts';
import type { Database } from '../../platform/database.ts';
import { endingOf, mayRepeat, type Ending } from './interaction-result.ts';
import { hostOf, requestedPermissions, requestedResources } from '../permissions/consent.ts';

export interface PendingInteraction {
  uid: string;
  /** Value of the interaction's cookie, known only to the browser that began it. Form tokens are bound to it. */
  secret: string;
  /** How the interaction ended, for the ten seconds in which it is kept; undefined while it is pending. */
  ending: (Ending & { mayRepeat: boolean }) | undefined;
  /** Name of the prompt: `login`, `select_account` or `consent`. */
  prompt: string;
  /** Whether the only reason for the sign-in is that nobody was signed in. */
  isFirstSignIn: boolean;
  /** Address at which the browser resumes. */
  returnTo: string;
  client: StoredClient;
  /** The person who was signed in when the interaction began, if anybody was. */
  accountId: string | undefined;
  /** `login_hint` of the request. */
  loginHint: string | undefined;
  /** `sub` that the app requires (`id_token_hint`, `claims`), as that app knows it. */
  hintedSubject: string | undefined;
  /** The permissions that the app requests. */
  requested: Permissions;
  /** Host of the redirect URI, or its private-use scheme (`hostOf`). */
  returnHost: string;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** @throws Refusal `interaction_expired` when the client was removed */
export async function pendingInteraction(
  db: Database,
  interaction: Interaction,
  secret: string,
): Promise<PendingInteraction> {
  const { uid, prompt, params, session, returnTo } = interaction;
  const client = await findCachedClient(db, String(params['client_id']));
  if (!client) throw new Refusal('interaction_expired');
  const requestedSubject = prompt.details['sub'] as { value?: unknown } | undefined;
  const resources = requestedResources(params);
  const apis = client.apis.filter(({ audience }) => resources.includes(audience));
  const ending = endingOf(interaction);
  return {
    uid,
    secret,
    ending: ending && { ...ending, mayRepeat: await mayRepeat(db, interaction) },
    prompt: prompt.name,
    isFirstSignIn: prompt.name === 'login' && prompt.reasons.every((reason) => reason === 'no_session'),
    returnTo,
    client,
    accountId: session?.accountId,
    loginHint: text(params['login_hint']),
    hintedSubject: text(prompt.details['hinted_subject']) ?? text(requestedSubject?.value),
    requested: requestedPermissions(params, Object.fromEntries(apis.map(({ audience, scopes }) => [audience, scopes]))),
    returnHost: hostOf(params['redirect_uri']),
  };
}
