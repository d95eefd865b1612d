/** Lets clients be checked by the very rules that the protocol works with. */
import { errors } from 'oidc-provider';
import Provider from 'oidc-provider';
import { Refusal } from '../errors.ts';
import type { ClientValidator } from '../clients/register-client.ts';
import { makeSigningKey } from '../keys/signing-key.ts';
import type { Database } from '../platform/database.ts';
import type { Outgoing } from '../platform/outgoing.ts';
import type { Keyring } from '../platform/secrets.ts';
import { defaultPolicy } from '../policy/policy.ts';
import { createConfiguration } from './configuration.ts';
import { createProtocolPages } from './protocol-pages.ts';

export interface ValidatorInput {
  db: Database;
  keyring: Keyring;
  issuer: string;
  outgoing: Outgoing;
}

/** @returns a validator that throws Refusal `client_invalid` with the library's reason */
export function createClientValidator(input: ValidatorInput): ClientValidator {
  return async (metadata) => {
    const keys = await Promise.all([makeSigningKey('RS256', new Date()), makeSigningKey('ES256', new Date())]);
    const pages = createProtocolPages(() => {});
    const policy = { now: defaultPolicy, reload: async () => {} };
    const jwks = keys.map(({ privateJwk }) => privateJwk);
    const provider = new Provider(input.issuer, createConfiguration({ ...input, keys: jwks, pages, policy }));
    try {
      await provider.Client.validate(metadata as never);
    } catch (error) {
      if (!(error instanceof errors.OIDCProviderError)) throw error;
      throw new Refusal('client_invalid', { reason: error.error_description ?? error.message });
    }
  };
}
