/** Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4). */
import { randomUUID } from 'node:crypto';
import { errors, type Client, type IdToken, type Provider } from 'oidc-provider';

export interface LogoutToken {
  /** `backchannel_logout_uri` of the client. */
  uri: string;
  token: string;
  isSelfRegistered: boolean;
}

const event = 'http://schemas.openid.net/event/backchannel-logout';

/** @returns undefined when the client was removed, or its metadata is no longer valid */
async function findClient(provider: Provider, id: string): Promise<Client | undefined> {
  try {
    return await provider.Client.find(id);
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) return undefined;
    throw error;
  }
}

/**
 * A new token, valid for two minutes, signed like the client's ID tokens.
 *
 * @param sid `sid` claim: one session of the person at this client; undefined for all of them
 * @returns undefined when the client has no `backchannel_logout_uri`, was removed, or has invalid metadata
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
  // The library includes only the claims in `mask`, and makes `sub` pairwise if the client is registered so.
  token.mask = { sub: null };
  token.set('events', { [event]: {} });
  token.set('jti', randomUUID());
  if (sid !== undefined) token.set('sid', sid);
  return {
    uri: client.backchannelLogoutUri,
    token: await token.issue({ use: 'logout' }),
    isSelfRegistered: client['self_registered'] === true,
  };
}
