/** Prompts: when a person must sign in or consent before the app gets its response. */
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

const { base, Check } = interactionPolicy;

/** The library's own rules, and one of ours. */
export function createInteractionPolicy(): ReturnType<typeof base> {
  const policy = base();
  // Otherwise a session whose account is suspended or removed would answer 500 instead of the sign-in page.
  const accountUnavailable = new Check(
    'account_unavailable',
    'the account is no longer available',
    'login_required',
    ({ oidc }: KoaContextWithOIDC) => oidc.session?.accountId !== undefined && !oidc.account,
  );
  policy.get('login')?.checks.add(accountUnavailable);
  return policy;
}
