/** What may come as `id_token_hint` (OpenID Connect Core 1.0 §3.1.2.1, RP-Initiated Logout 1.0 §2). */
import type { Provider } from 'oidc-provider';

interface Verified {
  header: { typ?: string };
}

/** Refuses logout tokens as hints: same key, same audience, told apart by `typ` (RFC 8725 §3.11). */
export function acceptOnlyIdTokens(provider: Provider): void {
  const model = provider.IdToken as unknown as { validate(jwt: string, client: object): Promise<Verified> };
  const validate = model.validate.bind(model);
  model.validate = async (jwt, client) => {
    const verified = await validate(jwt, client);
    const { typ } = verified.header;
    if (typ !== undefined && typ !== 'JWT') throw new Error('not an ID token');
    return verified;
  };
}
