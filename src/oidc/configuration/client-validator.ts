/** Checks client metadata by oidc-provider's own rules, and completes it with the library's defaults. */
import Provider, { errors } from 'oidc-provider';
import type { ClientMetadata } from '../../clients/client.ts';
import type { ClientValidator } from '../../clients/register-client.ts';
import { Refusal } from '../../errors.ts';
import { makeSigningKey } from '../../keys/signing-key.ts';
import type { Database } from '../../platform/database.ts';
import type { Log } from '../../platform/log.ts';
import type { Outgoing } from '../../platform/outgoing.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { defaultPolicy } from '../../policy/policy.ts';
import type { Problem, Reason } from '../../reasons.ts';
import { acceptsUnsignedRequests, type ProtocolOptions } from '../conformance-profile.ts';
import { createProtocolPages } from '../protocol-pages.ts';
import { createConfiguration } from './configuration.ts';

export interface ValidatorInput {
  db: Database;
  keyring: Keyring;
  log: Log;
  issuer: string;
  outgoing: Outgoing;
  protocol: ProtocolOptions;
}

interface ClientModel {
  new (metadata: ClientMetadata): { metadata(): ClientMetadata };
  validate(metadata: ClientMetadata): Promise<void>;
}

/**
 * The messages of oidc-provider (`lib/helpers/client_schema.js`, `sector_validate.js`, `sector_identifier.js`,
 * `lib/models/client.js`) and the reason that each stands for. Named groups become values of the problem.
 */
const messages: readonly [RegExp, Reason, string?][] = [
  [/^(?<field>\w+) is mandatory property$/, 'is_missing'],
  [/^(?<field>\w+) is mandatory property when (?<other>\w+) is provided$/, 'is_missing_beside'],
  [/^(?<field>jwks) or (?<other>jwks_uri) is mandatory for this client$/, 'is_missing_without'],
  [/^(?<field>jwks) and (?<other>jwks_uri) must not be used at the same time$/, 'excludes'],
  [/^(?<field>\w+) must be an array$/, 'must_be_list'],
  [/^(?<field>\w+) must only contain strings$/, 'must_be_text_list'],
  [/^(?<field>\w+) must be a non-empty string if provided$/, 'must_be_text'],
  [/^(?<field>\w+) must be a boolean$/, 'must_be_boolean'],
  [/^(?<field>\w+) must be a non-negative integer$/, 'must_be_whole_number'],
  [/^(?<field>\w+) must contain members$/, 'is_missing'],
  [/^(?<field>\w+) must (?:be a|only contain) web uris?$/, 'must_be_web_address'],
  [/^(?<field>\w+) must (?:be a|only contain) https uris?$/, 'must_be_https'],
  [/^(?<field>\w+) (?:must be|can only contain) (?<allowed>'.*')$/, 'must_be_one_of'],
  [/^(?<field>\w+) must (?:be empty|not be provided) \(no values are allowed\)$/, 'unsupported_value'],
  [/^(?<field>\w+) has no values supported by this authorization server$/, 'unsupported_value'],
  [/^invalid (?<field>\w+) value$/, 'unsupported_value'],
  [/^(?<field>\w+) must only contain valid uris$/, 'is_not_a_uri'],
  [/^(?<field>\w+) must not contain fragments$/, 'uri_has_fragment'],
  [/^(?<field>\w+) for web clients using implicit flow MUST only register URLs using the https/, 'must_be_https'],
  [/^(?<field>\w+) for web clients using implicit flow must not be using localhost$/, 'must_not_be_localhost'],
  [/^(?<field>\w+) for native clients using http as a protocol can only use loopback/, 'http_must_be_loopback'],
  [/^(?<field>\w+) for native clients using claimed HTTPS URIs must not/, 'https_must_not_be_loopback'],
  [/^(?<field>\w+) must not use the \S+ URI scheme$/, 'scheme_must_have_dot'],
  [/^(?<field>contacts) can only contain email addresses$/, 'must_be_email_list'],
  [/^(?<field>scope) must only contain Authorization Server supported scope values$/, 'must_be_known_scopes'],
  [/^client JSON Web Key Set is invalid$/, 'must_be_public_keys', 'jwks'],
  [/^could not determine a sector identifier$/, 'is_missing', 'sector_identifier_uri'],
  [/^could not load (?<field>sector_identifier_uri) response$/, 'sector_unreachable'],
  [/^unexpected (?<field>sector_identifier_uri) response status code/, 'sector_unreachable'],
  [/^failed to parse (?<field>sector_identifier_uri) JSON response$/, 'sector_must_be_list'],
  [/^(?<field>sector_identifier_uri) must return/, 'sector_must_be_list'],
  [/must be included in the (?<field>sector_identifier_uri) response$/, 'sector_must_list_redirect_uris'],
];

/** The field and the reason that a message of the library stands for; `unsupported_value` for an unknown message. */
export function problemIn(message: string): Problem {
  for (const [pattern, reason, field = 'metadata'] of messages) {
    const match = pattern.exec(message);
    if (!match) continue;
    const { allowed, ...named } = match.groups ?? {};
    const quoted = [...(allowed ?? '').matchAll(/'([^']+)'/g)].map(([, value]) => value);
    return { field, ...named, ...(allowed !== undefined && { allowed: quoted.join(', ') }), reason };
  }
  return { field: 'metadata', reason: 'unsupported_value' };
}

/** @returns a validator that throws Refusal `client_invalid`; the library's own message goes to the debug log only */
export function clientValidatorOf(provider: () => Provider, protocol: ProtocolOptions, log: Log): ClientValidator {
  return async (metadata) => {
    // `first_party`, `self_registered` and `apis` have columns of their own and are not stored as metadata.
    const { first_party: _, self_registered: __, apis: ___, ...stored } = metadata;
    const { request_object_signing_alg: algorithm, ...withoutAlgorithm } = stored;
    // The library rejects `none`; requests/request-objects.ts supports it.
    const isUnsigned = algorithm === 'none' && acceptsUnsignedRequests(protocol);
    const Client = provider().Client as unknown as ClientModel;
    try {
      const checked = isUnsigned ? withoutAlgorithm : stored;
      await Client.validate(checked);
      const complete = JSON.parse(JSON.stringify(new Client(checked).metadata())) as ClientMetadata;
      return isUnsigned ? { ...complete, request_object_signing_alg: algorithm } : complete;
    } catch (error) {
      if (!(error instanceof errors.OIDCProviderError)) throw error;
      const message = error.error_description ?? error.message;
      log.debug({ reason: message }, 'client metadata refused');
      throw new Refusal('client_invalid', problemIn(message));
    }
  };
}

/** A validator for commands, which run without the server's Provider, and for clients that an operator registers. */
export function createClientValidator({ outgoing, ...input }: ValidatorInput): ClientValidator {
  const callsFor = () => outgoing.toAllowedHosts;
  return async (metadata) => {
    const keys = await Promise.all([makeSigningKey('RS256', new Date()), makeSigningKey('ES256', new Date())]);
    const pages = createProtocolPages(() => {});
    const policy = { current: defaultPolicy, load: async () => {} };
    // No pairwise subject is computed by this Provider.
    const pairwiseSalt = '';
    const jwks = keys.map(({ privateJwk }) => privateJwk);
    const provider = new Provider(
      input.issuer,
      createConfiguration({ ...input, callsFor, keys: jwks, pages, policy, pairwiseSalt }),
    );
    return clientValidatorOf(() => provider, input.protocol, input.log)(metadata);
  };
}
