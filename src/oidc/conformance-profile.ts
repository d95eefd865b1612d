/** Features that the OpenID conformance suite needs and production must not offer (CONFORMANCE_PROFILE). */

/** The settings that change what the protocol offers. */
export interface ProtocolOptions {
  /** Whether apps may register themselves (RFC 7591): CLIENT_REGISTRATION. */
  hasClientRegistration: boolean;
  /** Whether the features of the functions below are offered: CONFORMANCE_PROFILE. */
  isConformance: boolean;
}

/** Code flow, and implicit and hybrid flow: tokens in the front channel (OpenID Connect Core §3.2, §3.3). */
const allResponseTypes = [
  'code',
  'id_token',
  'code id_token',
  'id_token token',
  'code token',
  'code id_token token',
] as const;

type ResponseTypes = (typeof allResponseTypes)[number][];

/** Only `code` unless the conformance suite runs: no tokens in the front channel (RFC 9700 §2.1.2). */
export const responseTypesOf = ({ isConformance }: ProtocolOptions): ResponseTypes =>
  isConformance ? [...allResponseTypes] : ['code'];

/** Name of the metadata that marks a client of the conformance suite. Only an operator can set it. */
export const conformanceClientKey = 'conformance_client';

/**
 * Whether `policy_uri` and `tos_uri` of a self-registered client may be on other hosts than its redirect URIs. The
 * conformance suite's clients need this; in production the consent page would link to a site that the app impersonates
 * (OpenID Connect Registration §9.1).
 */
export const mayLinkToOtherHosts = ({ isConformance }: ProtocolOptions): boolean => isConformance;

/**
 * Whether request objects may have no signature (OpenID Connect Core §6.1): they are no safer than query parameters.
 */
export const acceptsUnsignedRequests = ({ isConformance }: ProtocolOptions): boolean => isConformance;

/** Whether OUTGOING_ALLOWED_HOSTS counts for self-registered clients, too: the suite's clients are on its own host. */
export const mayCallAllowedHosts = ({ isConformance }: ProtocolOptions): boolean => isConformance;
