/** Builds a Provider of oidc-provider from the current keys, and replaces some of its methods. */
import { Provider, type Client, type Interaction, type KoaContextWithOIDC } from 'oidc-provider';
import type { JWK } from 'jose';
import { replaceSecretHash } from '../clients/client-repository.ts';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import { DatabaseBusy, TextNotStorable } from '../platform/database-errors.ts';
import type { Outgoing } from '../platform/outgoing.ts';
import { constantTimeEqual, type Keyring } from '../platform/secrets.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { endSessions } from '../sessions/end-session.ts';
import { queueLogoutNotice } from '../sessions/ending-repository.ts';
import { insertReplayMarker } from '../tokens/artifact-repository.ts';
import { createConfiguration } from './configuration/configuration.ts';
import type { ProtocolOptions } from './conformance-profile.ts';
import { acceptOnlyIdTokens } from './requests/id-token-hint.ts';
import { createInteractionAnswers } from './interaction/interaction-answer.ts';
import { fromEpoch, protocolContext } from './protocol-context.ts';
import type { ProtocolPages } from './protocol-pages.ts';
import { SessionConflict } from './adapter/session-changed.ts';
import { pinOrigin } from './pin-origin.ts';

export interface ProviderInput {
  db: Database;
  keyring: Keyring;
  log: Log;
  issuer: string;
  keys: JWK[];
  pages: ProtocolPages;
  policy: LivePolicy;
  outgoing: Outgoing;
  protocol: ProtocolOptions;
  pairwiseSalt: string;
}

/** What the protocol leaves in `ctx.state` for the middleware around it. */
export interface ProtocolState {
  requestId?: string;
  /** An error that oidc-provider turned into a response. */
  fault?: Error;
  /** The session that this request ended. */
  endedSessionUid?: string;
}

/**
 * Compares the digest of the presented secret with those stored. A digest under an older root secret is replaced when
 * its client secret is used, so that the older root secret can be removed.
 */
function isSecretOf(client: Client, { db, keyring }: ProviderInput, presented: string): boolean {
  const stored = client.clientSecret?.split(' ') ?? [];
  const digests = keyring.digests('client-secret', presented).map((digest) => digest.toString('hex'));
  // All comparisons are made, so that timing does not tell which secret matched.
  const fits = stored.map((one) => digests.map((other) => constantTimeEqual(one, other)).includes(true));
  const found = stored[fits.indexOf(true)];
  if (found !== undefined && found !== digests[0]) replaceSecretHash(db, client.clientId, found, digests[0]!);
  return found !== undefined;
}

function replaceSessionMethods({ Session }: ProviderModels, { db }: ProviderInput): void {
  // Ended by its uid: a rotation of its id at the same time does not save it.
  Session.prototype.destroy = async function destroy() {
    await endSessions(db, [this.uid], 'signed_out');
    const ctx = protocolContext();
    if (ctx) (ctx.state as ProtocolState).endedSessionUid = this.uid;
    this.destroyed = true;
  };

  // The id rotates at every sign-in, against session fixation. It need not after a consent, where a rotation would only
  // conflict with requests of the person's other tabs.
  const { resetIdentifier, loginAccount } = Session.prototype;
  Session.prototype.resetIdentifier = function reset() {
    const oidc = protocolContext()?.oidc;
    if (oidc?.route === 'resume' && !oidc.result?.login) return;
    resetIdentifier.call(this);
  };

  // The library never resets `transient`: somebody who signs in again and wants to be remembered would not be.
  Session.prototype.loginAccount = function login(details) {
    this.transient = undefined;
    loginAccount.call(this, details);
  };
}

function replaceClientMethods({ Client: OidcClient }: ProviderModels, input: ProviderInput): void {
  const { db } = input;
  OidcClient.prototype.compareClientSecret = function compare(presented: string) {
    return isSecretOf(this, input, presented);
  };
  // Every client gets `sid`, by which logout tokens name the session.
  OidcClient.prototype.includeSid = () => true;
  // The end of a session queues notices for all its apps. This call of the library matters only when the person signs
  // out of one app.
  OidcClient.prototype.backchannelLogout = async function tell(accountId, sid) {
    const { params, session } = protocolContext()?.oidc ?? {};
    if (params?.['logout'] || !session) return;
    await queueLogoutNotice(db, {
      accountId,
      clientId: this.clientId,
      sessionUid: session.uid,
      sid,
      reason: 'signed_out_of_app',
    });
  };
}

// Resuming an interaction that was completed in another browser would sign this one in as somebody else.
function replaceInteractionMethods({ Interaction }: ProviderModels, { issuer, keyring }: ProviderInput): void {
  const answers = createInteractionAnswers(issuer, keyring);
  const find = Interaction.find.bind(Interaction);
  Interaction.find = async (id, options) => {
    const interaction = await find(id, options);
    const isOther = protocolContext()?.oidc.route === 'resume' && !answers.isFromThisBrowser(interaction?.result);
    return isOther ? undefined : interaction;
  };
}

interface SessionModel {
  uid: string;
  destroyed?: boolean;
  transient?: boolean | undefined;
  destroy: (this: SessionModel) => Promise<void>;
  resetIdentifier: (this: SessionModel) => void;
  loginAccount: (this: SessionModel, details: object) => void;
}

interface ClientModel extends Client {
  compareClientSecret: (this: ClientModel, presented: string) => boolean;
  includeSid: () => boolean;
  backchannelLogout: (this: ClientModel, accountId: string, sid: string) => Promise<void>;
}

/** The parts of the library's models that are replaced. */
interface ProviderModels {
  Session: { prototype: SessionModel };
  Client: { prototype: ClientModel };
  Interaction: { find(id: string, options?: object): Promise<Interaction | undefined> };
  ReplayDetection: { unique(issuer: string, jti: string, expiresAt: number): Promise<boolean> };
}

export function createProvider(input: ProviderInput): Provider {
  const { db, keyring, log, issuer, pages } = input;
  /** The library's own form has no text and an inline script. */
  class PageProvider extends Provider {
    override registerResponseMode(...[name, handler]: Parameters<Provider['registerResponseMode']>): void {
      super.registerResponseMode(name, name === 'form_post' ? pages.postToApp : handler);
    }
  }
  const provider = new PageProvider(issuer, createConfiguration(input));
  const models = provider as unknown as ProviderModels;
  pinOrigin(issuer, provider);
  replaceSessionMethods(models, input);
  replaceClientMethods(models, input);
  replaceInteractionMethods(models, input);
  acceptOnlyIdTokens(provider);
  // The library reads and then writes, which would let two equal assertions through at once.
  models.ReplayDetection.unique = async (from, jti, expiresAt) =>
    insertReplayMarker(db, keyring.digest('ReplayDetection', `${from}\0${jti}`), fromEpoch(expiresAt));
  // The library turns faults into responses; the unit of work must know of them.
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: Error) => {
    if (error instanceof SessionConflict) return;
    const state = ctx.state as ProtocolState;
    state.fault = error;
    // The errors middleware logs these.
    if (error instanceof TextNotStorable || error instanceof DatabaseBusy) return;
    log.error({ err: error, requestId: state.requestId }, 'protocol fault');
  });
  return provider;
}
