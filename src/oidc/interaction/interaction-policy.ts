/** Prompts: when a person must sign in or consent before the app gets its response. */
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

const { base, Check, Prompt } = interactionPolicy;

/**
 * Whether another app could receive the response: one that listens on the same loopback port, or claimed the same
 * scheme (RFC 8252 §8.6). An https URI is the app's own.
 */
const mayBeImpersonated = ({ oidc }: KoaContextWithOIDC): boolean =>
  oidc.client?.applicationType === 'native' && !/^https:/i.test(String(oidc.params?.['redirect_uri']));

/** The library's prompts and checks, with two checks and one prompt added or replaced. */
export function createInteractionPolicy(): ReturnType<typeof base> {
  const policy = base();
  // Without this check a request with the session of a suspended or removed account gets status 500, not a sign-in
  // page.
  const accountUnavailable = new Check(
    'account_unavailable',
    'the account is no longer available',
    'login_required',
    ({ oidc }: KoaContextWithOIDC) => oidc.session?.accountId !== undefined && !oidc.account,
  );
  policy.get('login')?.checks.add(accountUnavailable);
  // The library's check of this name asks native clients for consent each time, also when the redirect URI is https.
  const nativePrompt = new Check(
    'native_client_prompt',
    'native clients require End-User interaction',
    'interaction_required',
    (ctx: KoaContextWithOIDC) => mayBeImpersonated(ctx) && !ctx.oidc.result?.consent,
  );
  // The prompt comes after `login`, because a sign-in also selects the account (live-provider.ts).
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 1);
  const { checks } = policy.get('consent')!;
  checks.remove('native_client_prompt');
  checks.add(nativePrompt);
  return policy;
}
