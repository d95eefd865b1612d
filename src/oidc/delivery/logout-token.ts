/** Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4). */
import { randomUUID } from 'node:crypto';
import { errors, type Client, type IdToken, type Provider } from 'oidc-provider';

export interface LogoutToken {
  /** Where the app takes it. */
  uri: string;
  token: string;
}

const event = 'http://schemas.openid.net/event/backchannel-logout';

/** A client whose metadata no longer fits is as good as gone. */
async function findClient(provider: Provider, id: string): Promise<Client | undefined> {
  try {
    return await provider.Client.find(id);
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) return undefined;
    throw error;
  }
}

/**
 * A fresh token, good for two minutes, signed as the client's ID tokens are.
 *
 * @param sid the app's name for the session; left out, all sessions of the person are meant
 */
export async function makeLogoutToken(
  provider: Provider,
  clientId: string,
  accountId: string,
  sid: string | undefined,
): Promise<LogoutToken | undefined> {
  const client = await findClient(provider, clientId);
  if (!client?.backchannelLogoutUri) return undefined;
  const token = new provider.IdToken({ sub: accountId }, { client }) as IdToken & { mask: object };
  // The library hands out claims that are masked in; the subject may be a pairwise one.
  token.mask = { sub: null };
  token.set('events', { [event]: {} });
  token.set('jti', randomUUID());
  if (sid !== undefined) token.set('sid', sid);
  return { uri: client.backchannelLogoutUri, token: await token.issue({ use: 'logout' }) };
}
