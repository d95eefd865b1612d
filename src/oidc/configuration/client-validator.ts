/** Validates client metadata by the rules of oidc-provider. */
import { errors } from 'oidc-provider';
import Provider from 'oidc-provider';
import { Refusal } from '../../errors.ts';
import type { ClientMetadata } from '../../clients/client.ts';
import type { ClientValidator } from '../../clients/register-client.ts';
import { makeSigningKey } from '../../keys/signing-key.ts';
import type { Database } from '../../platform/database.ts';
import type { Outgoing } from '../../platform/outgoing.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { defaultPolicy } from '../../policy/policy.ts';
import { createConfiguration } from './configuration.ts';
import { acceptsUnsignedRequests, type ProtocolOptions } from '../conformance-profile.ts';
import { createProtocolPages } from '../protocol-pages.ts';

export interface ValidatorInput {
  db: Database;
  keyring: Keyring;
  issuer: string;
  outgoing: Outgoing;
  protocol: ProtocolOptions;
}

interface ClientModel {
  new (metadata: ClientMetadata): { metadata(): ClientMetadata };
  validate(metadata: ClientMetadata): Promise<void>;
}

/** @returns a validator that throws Refusal `client_invalid` with the library's reason */
export function validateBy(provider: () => Provider, protocol: ProtocolOptions): ClientValidator {
  return async (metadata) => {
    // These have columns of their own and must not come from metadata.
    const { first_party: _, self_registered: __, apis: ___, ...given } = metadata;
    const { request_object_signing_alg: algorithm, ...rest } = given;
    // The library knows signed ones only; the others are ours (request-objects.ts).
    const isUnsigned = algorithm === 'none' && acceptsUnsignedRequests(protocol);
    const Client = provider().Client as unknown as ClientModel;
    try {
      const checked = isUnsigned ? rest : given;
      await Client.validate(checked);
      const complete = JSON.parse(JSON.stringify(new Client(checked).metadata())) as ClientMetadata;
      return isUnsigned ? { ...complete, request_object_signing_alg: algorithm } : complete;
    } catch (error) {
      if (!(error instanceof errors.OIDCProviderError)) throw error;
      throw new Refusal('client_invalid', { reason: error.error_description ?? error.message });
    }
  };
}

/** For commands, which have no live Provider. */
export function createClientValidator(input: ValidatorInput): ClientValidator {
  return async (metadata) => {
    const keys = await Promise.all([makeSigningKey('RS256', new Date()), makeSigningKey('ES256', new Date())]);
    const pages = createProtocolPages(() => {});
    const policy = { now: defaultPolicy, reload: async () => {} };
    // This Provider never makes a subject.
    const pairwiseSalt = '';
    const jwks = keys.map(({ privateJwk }) => privateJwk);
    const provider = new Provider(
      input.issuer,
      createConfiguration({ ...input, keys: jwks, pages, policy, pairwiseSalt }),
    );
    return validateBy(() => provider, input.protocol)(metadata);
  };
}
