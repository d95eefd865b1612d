/** Lets clients be checked by the very rules that the protocol works with. */
import { errors } from 'oidc-provider';
import Provider from 'oidc-provider';
import { Refusal } from '../errors.ts';
import type { ClientValidator } from '../clients/register-client.ts';
import { makeSigningKey } from '../keys/signing-key.ts';
import type { Database } from '../platform/database.ts';
import type { Keyring } from '../platform/secrets.ts';
import { createConfiguration } from './configuration.ts';
import { createProtocolPages } from './protocol-pages.ts';

/** @returns a validator that throws Refusal `client_invalid` with the library's reason */
export function createClientValidator(db: Database, keyring: Keyring, issuer: string): ClientValidator {
  return async (metadata) => {
    const keys = await Promise.all([makeSigningKey('RS256', new Date()), makeSigningKey('ES256', new Date())]);
    const pages = createProtocolPages(() => {});
    const jwks = keys.map(({ privateJwk }) => privateJwk);
    const provider = new Provider(issuer, createConfiguration({ db, keyring, issuer, keys: jwks, pages }));
    try {
      await provider.Client.validate(metadata as never);
    } catch (error) {
      if (!(error instanceof errors.OIDCProviderError)) throw error;
      throw new Refusal('client_invalid', { reason: error.error_description ?? error.message });
    }
  };
}
