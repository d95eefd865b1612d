/** The configuration of oidc-provider, with the reason of each option that needs one. */
import { errors, type Client as OidcClient, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import type { JWK } from 'jose';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import type { LivePolicy } from '../../policy/live-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import { createAdapterFactory } from '../adapter/adapter.ts';
import { clockToleranceSeconds } from '../adapter/artifact-adapter.ts';
import { acrValues, assertClaimsParameter, claimsOf, claimsOfScope, subjectFor } from '../permissions/claims.ts';
import { createLibraryFetch } from '../requests/client-fetch.ts';
import { ownMetadata } from '../adapter/client-adapter.ts';
import type { CallsFor } from '../calls-for.ts';
import { responseTypesOf, type ProtocolOptions } from '../conformance-profile.ts';
import { cookieNames, cookieOptions } from '../cookies.ts';
import { loadOrCreateGrant } from '../permissions/consent.ts';
import { knownScopes } from '../permissions/scopes.ts';
import { jtiWithGrant } from '../models/jwt-access-token.ts';
import { assertClientAssertion } from '../requests/client-assertion.ts';
import { createInteractionPolicy } from '../interaction/interaction-policy.ts';
import { createLifetimes } from './lifetimes.ts';
import { readAccount } from '../prefetch/prefetch.ts';
import type { ProtocolPages } from '../protocol-pages.ts';
import { createSignOutPages } from '../sign-out-pages.ts';
import { requestObjectAlgorithms } from '../requests/request-objects.ts';
import { apisOf, mayIntrospect, jwtTypeOf, resourceServerFor } from '../permissions/resource-servers.ts';

export interface ConfigurationInput {
  db: Database;
  keyring: Keyring;
  issuer: string;
  keys: JWK[];
  pages: ProtocolPages;
  policy: LivePolicy;
  callsFor: CallsFor;
  protocol: ProtocolOptions;
  /** Salt of pairwise subjects; never changes. */
  pairwiseSalt: string;
}

/** Address of the registration endpoint, which Frontdesk serves instead of oidc-provider (web/oauth/register.ts). */
export const registrationPath = '/oauth/register';

/**
 * PKCE is required of public clients, and of others when the policy or their registration says so (RFC 9700 §2.1.1).
 */
const isPkceRequired = (client: OidcClient, { pkce }: Policy): boolean =>
  client.clientAuthMethod === 'none' || pkce === 'all' || client['require_pkce'] === true;

/** CORS: whether the client's pages are served from this origin. */
const isOriginOf = (_ctx: KoaContextWithOIDC, origin: string, client: OidcClient): boolean =>
  (client['origins'] as string[]).includes(origin);

export function createConfiguration(input: ConfigurationInput): Configuration {
  const { db, keyring, issuer, keys, pages, policy, callsFor, protocol, pairwiseSalt } = input;
  const subjectOf = (client: OidcClient, accountId: string) => subjectFor(pairwiseSalt, client.metadata(), accountId);
  const signOut = createSignOutPages(pages.show, cookieNames(issuer).session, subjectOf);
  return {
    adapter: createAdapterFactory(db, keyring),
    jwks: { keys },
    clockTolerance: clockToleranceSeconds,
    cookies: cookieOptions(keyring, issuer),
    ttl: createLifetimes(policy),
    fetch: createLibraryFetch(callsFor),
    routes: {
      authorization: '/oauth/authorize',
      token: '/oauth/token',
      userinfo: '/oauth/userinfo',
      jwks: '/oauth/jwks',
      introspection: '/oauth/introspect',
      revocation: '/oauth/revoke',
      end_session: '/oauth/logout',
    },

    responseTypes: responseTypesOf(protocol),
    pkce: { required: (_ctx, client) => isPkceRequired(client, policy.current) },
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,

    // Secrets are stored as digests, which rules out methods that sign with the secret.
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'Ed25519'],
      idTokenSigningAlgValues: ['RS256', 'ES256'],
      userinfoSigningAlgValues: ['RS256', 'ES256'],
      requestObjectSigningAlgValues: [...requestObjectAlgorithms],
    },
    assertJwtClientAuthClaimsAndHeader: (ctx, claims, header, client) => {
      const isFapi = client['fapi_profile'] !== undefined;
      assertClientAssertion(ctx, claims, header, { clockToleranceSeconds, isFapi });
    },
    // The library fetches the document at registration only. Stored clients, which have `first_party`, were checked
    // then.
    sectorIdentifierUriValidate: (client) => client['first_party'] === undefined,
    extraClientMetadata: { properties: [...ownMetadata] },
    clientBasedCORS: isOriginOf,

    discovery: {
      frontchannel_logout_supported: true,
      frontchannel_logout_session_supported: true,
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      ...(protocol.hasClientRegistration && { registration_endpoint: `${issuer}${registrationPath}` }),
    },
    scopes: knownScopes,
    claims: claimsOfScope,
    // Which claims an ID token holds is decided for each client (models/id-token.ts).
    conformIdTokenClaims: false,
    acrValues,
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: async (_ctx, accountId, client) => subjectOf(client, accountId),
    async findAccount(_ctx, id) {
      const account = await readAccount(db, id);
      if (!account || account.suspendedAt) return undefined;
      return { accountId: account.id, claims: () => claimsOf(account) };
    },
    // JWT access tokens say which session they belong to and how the person signed in (RFC 9068 §2.2).
    extraTokenClaims(ctx, token) {
      if (token.kind !== 'AccessToken') return undefined;
      const source = ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.RefreshToken;
      return { sid: token.sid, auth_time: source?.authTime, acr: source?.acr, amr: source?.amr };
    },

    formats: {
      customizers: {
        jwt(_ctx, token, parts) {
          const { grantId, jti } = token as { grantId?: string; jti: string };
          if (grantId !== undefined) parts.payload['jti'] = jtiWithGrant(grantId, jti);
          parts.header = { ...parts.header, typ: jwtTypeOf(token.resourceServer) };
        },
      },
    },

    interactions: {
      policy: createInteractionPolicy(),
      // With `app`, the page of an expired interaction can link to the app.
      url: (_ctx, { uid, params }) => `/interaction/${uid}?app=${encodeURIComponent(String(params['client_id']))}`,
    },
    loadExistingGrant: (ctx) => loadOrCreateGrant(db, ctx),
    // Artifacts are found only while their grant is live (artifact-adapter.ts): revoking it revokes them.
    revokeGrantPolicy: () => true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    async renderError(ctx, out, error) {
      if (!(await signOut.showError(ctx, error, out))) pages.showError(ctx, out, error);
    },

    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      claimsParameter: { enabled: true, assertClaimsParameter: (_ctx, claims) => assertClaimsParameter(claims) },
      pushedAuthorizationRequests: { enabled: false },
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      jwtUserinfo: { enabled: true },
      // A client introspects and revokes its own tokens; an API introspects the tokens issued for it.
      introspection: { enabled: true, allowedPolicy: async (_ctx, client, token) => mayIntrospect(db, client, token) },
      requestObjects: { enabled: true },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: signOut.confirmOrSignOut,
        postLogoutSuccessSource: signOut.showSignedOut,
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (ctx, audience, client) =>
          resourceServerFor(db, audience, client, ctx.oidc.params ?? {}),
        // Many libraries do not send `resource` to the token endpoint.
        useGrantedResource: () => true,
        // `oneOf`: several resources of a token request. The library refuses them, because none is chosen here.
        defaultResource: async (ctx, client, oneOf) => oneOf ?? defaultApiOf(ctx, client),
      },
    },
  };
}

/**
 * The default audience of the client credentials grant: the client's only API.
 *
 * @returns undefined for every other request: its access token is for userinfo
 * @throws InvalidTarget when the client has no API, or several
 */
function defaultApiOf(ctx: KoaContextWithOIDC, client: OidcClient): string[] | undefined {
  if (ctx.oidc.params?.['grant_type'] !== 'client_credentials') return undefined;
  const [api, ...others] = apisOf(client);
  if (!api || others.length > 0) throw new errors.InvalidTarget('name the API that the token is for (resource)');
  return [api.audience];
}
