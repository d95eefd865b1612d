/** Builds a Provider of oidc-provider from the current keys, and replaces some of its methods. */
import { Provider, type KoaContextWithOIDC, type TokenEndpointGrantContext } from 'oidc-provider';
import type { JWK } from 'jose';
import { updateSendsPkce } from '../clients/client-repository.ts';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import { Refusal } from '../errors.ts';
import { isDatabaseError } from '../platform/database-errors.ts';
import type { Keyring } from '../platform/secrets.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { insertReplayMarker } from '../tokens/artifact-repository.ts';
import { createConfiguration } from './configuration/configuration.ts';
import type { CallsFor } from './calls-for.ts';
import type { ProtocolOptions } from './conformance-profile.ts';
import { replaceClientMethods } from './models/client.ts';
import { replaceIdTokenMethods } from './models/id-token.ts';
import { replaceInteractionMethods } from './models/interaction.ts';
import { makeJwtsIntrospectable } from './models/jwt-access-token.ts';
import { replaceRefreshTokenMethods } from './models/refresh-token.ts';
import { replaceSessionMethods } from './models/session.ts';
import { fromEpoch, protocolContext, type ProtocolState } from './protocol-context.ts';
import type { ProtocolPages } from './protocol-pages.ts';
import { SessionConflict } from './adapter/session-conflict.ts';
import { inOneStatement } from './adapter/token-exchange.ts';
import { logRefusals } from './refusal-log.ts';
import { pinOrigin } from './pin-origin.ts';

export interface ProviderInput {
  db: Database;
  keyring: Keyring;
  log: Log;
  issuer: string;
  keys: JWK[];
  pages: ProtocolPages;
  policy: LivePolicy;
  callsFor: CallsFor;
  protocol: ProtocolOptions;
  pairwiseSalt: string;
}

/** The members of a tuple after its first two. */
type RestOf<Tuple extends unknown[]> = Tuple extends [unknown, unknown, ...infer Rest] ? Rest : never;

interface ReplayModel {
  ReplayDetection: { unique(issuer: string, jti: string, expiresAt: number): Promise<boolean> };
}

export function createProvider(input: ProviderInput): Provider {
  const { db, keyring, log, issuer, pages } = input;
  class ReplacedProvider extends Provider {
    override registerGrantType<Params extends object>(
      name: string,
      handle: (ctx: TokenEndpointGrantContext<Params>) => void | Promise<void>,
      ...parameters: RestOf<Parameters<Provider['registerGrantType']>>
    ): void {
      super.registerGrantType(name, inOneStatement(db, handle), ...parameters);
    }

    /** Replaces the form of `form_post`: the library's has no text and an inline script. */
    override registerResponseMode(...[name, handler]: Parameters<Provider['registerResponseMode']>): void {
      super.registerResponseMode(name, name === 'form_post' ? pages.postToApp : handler);
    }
  }
  const provider = new ReplacedProvider(issuer, createConfiguration(input));
  pinOrigin(issuer, provider);
  replaceSessionMethods(provider, db);
  replaceClientMethods(provider, input);
  replaceInteractionMethods(provider, db, issuer, keyring);
  replaceIdTokenMethods(provider, protocolContext);
  replaceRefreshTokenMethods(provider);
  makeJwtsIntrospectable(provider, db, input.keys);
  // The library reads and then writes, so it would accept the same assertion in two concurrent requests.
  (provider as unknown as ReplayModel).ReplayDetection.unique = async (assertionIssuer, jti, expiresAt) =>
    insertReplayMarker(db, keyring.digests('ReplayDetection', `${assertionIssuer}\0${jti}`), fromEpoch(expiresAt));
  logRefusals(provider, log);
  provider.on('authorization.success', (ctx: KoaContextWithOIDC) => {
    const { client, params } = ctx.oidc;
    (ctx.state as ProtocolState).isAuthorized = true;
    const sendsPkce = params?.['code_challenge'] !== undefined;
    if (client && client['sends_pkce'] !== sendsPkce) updateSendsPkce(db, client.clientId, sendsPkce);
  });
  // The library turns faults into responses; the unit of work must know of them.
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: Error) => {
    if (error instanceof SessionConflict) return;
    const state = ctx.state as ProtocolState;
    state.fault = error;
    // The middleware web/middleware/errors.ts logs errors of these classes.
    if (isDatabaseError(error) || error instanceof Refusal) return;
    log.error({ err: error, requestId: state.requestId }, 'protocol fault');
  });
  return provider;
}
