/** An app waits for a person: what our pages need to know of it. */
import type { Interaction } from 'oidc-provider';
import { findClient, type StoredClient } from '../../clients/client-repository.ts';
import { Refusal } from '../../errors.ts';
import type { Permissions } from '../../grants/consent.ts';
import type { Database } from '../../platform/database.ts';
import { hostOf, requestedPermissions, requestedResources } from '../permissions/consent.ts';
import { formTargetOf } from '../protocol-pages.ts';

export interface PendingInteraction {
  uid: string;
  /** What is to be done: `login` or `consent`. */
  prompt: string;
  /** Nothing but that nobody was signed in when the app asked. */
  isFirstSignIn: boolean;
  /** Where the browser goes on. */
  returnTo: string;
  client: StoredClient;
  /** Who is signed in, once that is settled. */
  accountId: string | undefined;
  /** What the app suggests to sign in with. */
  loginHint: string | undefined;
  /** `sub` of the one person the app wants, as the app knows it (`id_token_hint`, `claims`). */
  hintedSubject: string | undefined;
  asked: Permissions;
  /** Where the person goes in the end. */
  returnHost: string;
  formTargets: string[];
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** @throws Refusal `interaction_expired` when the app is gone */
export async function pendingInteraction(db: Database, interaction: Interaction): Promise<PendingInteraction> {
  const { uid, prompt, params, session, returnTo } = interaction;
  const client = await findClient(db, String(params['client_id']));
  if (!client) throw new Refusal('interaction_expired');
  const askedSubject = prompt.details['sub'] as { value?: unknown } | undefined;
  const resources = requestedResources(params);
  const apis = client.apis.filter(({ audience }) => resources.includes(audience));
  return {
    uid,
    prompt: prompt.name,
    isFirstSignIn: prompt.name === 'login' && prompt.reasons.every((reason) => reason === 'no_session'),
    returnTo,
    client,
    accountId: session?.accountId,
    loginHint: text(params['login_hint']),
    hintedSubject: text(prompt.details['hinted_subject']) ?? text(askedSubject?.value),
    asked: requestedPermissions(params, Object.fromEntries(apis.map(({ audience, scopes }) => [audience, scopes]))),
    returnHost: hostOf(params['redirect_uri']),
    formTargets: formTargetOf(params['redirect_uri']),
  };
}
