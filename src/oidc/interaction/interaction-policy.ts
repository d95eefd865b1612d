/** When a person has to do something before an app gets its answer: sign in, or consent. */
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

const { base, Check } = interactionPolicy;

/** The library's own rules, and one of ours. */
export function createInteractionPolicy(): ReturnType<typeof base> {
  const policy = base();
  // Without this a session whose account is suspended or gone would be a fault (500) instead of a sign-in page.
  const accountUnavailable = new Check(
    'account_unavailable',
    'the account is no longer available',
    'login_required',
    ({ oidc }: KoaContextWithOIDC) => oidc.session?.accountId !== undefined && !oidc.account,
  );
  policy.get('login')?.checks.add(accountUnavailable);
  return policy;
}
