/** A program that calls the APIs on its own behalf (client credentials, RFC 6749 §4.4). */
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, API_AUDIENCE, API_URLS } = process.env as Record<string, string>;

const options = ISSUER!.startsWith('https:') ? {} : { execute: [oidc.allowInsecureRequests] };
const frontdesk = await oidc.discovery(new URL(ISSUER!), CLIENT_ID!, CLIENT_SECRET, undefined, options);
const { access_token: token, expires_in: seconds } = await oidc.clientCredentialsGrant(frontdesk, {
  scope: 'notes:read',
  resource: API_AUDIENCE!,
});
console.log(`Got a token for ${seconds} seconds.`);

for (const api of API_URLS!.split(' ')) {
  const response = await fetch(api, { headers: { authorization: `Bearer ${token}` } });
  console.log(`${api} answered ${response.status}:`, await response.json());
}
