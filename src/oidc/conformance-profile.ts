/** What the OpenID Foundation's suite needs and production must not offer: switched on by CONFORMANCE_PROFILE. */
export interface ProtocolOptions {
  /** Apps may register themselves. */
  hasClientRegistration: boolean;
  isConformance: boolean;
}

/** Implicit and hybrid flow: tokens in the front channel (OpenID Connect Core §3.2, §3.3). */
const allResponseTypes = [
  'code',
  'id_token',
  'code id_token',
  'id_token token',
  'code token',
  'code id_token token',
] as const;

type ResponseTypes = (typeof allResponseTypes)[number][];

/** Code only: no tokens in the front channel (RFC 9700 §2.1.2). */
export const responseTypesOf = ({ isConformance }: ProtocolOptions): ResponseTypes =>
  isConformance ? [...allResponseTypes] : ['code'];

/** Name of the metadata that marks a client of the suite. Only an operator can set it. */
export const conformanceClientKey = 'conformance_client';

/**
 * The suite's clients have their terms at the OpenID Foundation. Otherwise an app that registers itself links to its own
 * hosts only, or our page would lend its trust to strangers (OpenID Connect Registration §9.1).
 */
export const mayLinkElsewhere = ({ isConformance }: ProtocolOptions): boolean => isConformance;

/** Request objects without a signature (OpenID Connect Core §6.1): worth no more than the address itself. */
export const acceptsUnsignedRequests = ({ isConformance }: ProtocolOptions): boolean => isConformance;
