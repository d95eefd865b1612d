/** One Provider of oidc-provider: built from the keys of the moment, with the methods we replace. */
import { Provider, type Client, type KoaContextWithOIDC } from 'oidc-provider';
import type { JWK } from 'jose';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Outgoing } from '../platform/outgoing.ts';
import { constantTimeEqual, type Keyring } from '../platform/secrets.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { endSessions } from '../sessions/end-session.ts';
import { tellApp } from '../sessions/ending-repository.ts';
import { rememberSeen } from '../tokens/artifact-repository.ts';
import { createConfiguration } from './configuration.ts';
import { fromEpoch, protocolContext } from './protocol-context.ts';
import type { ProtocolPages } from './protocol-pages.ts';
import { SessionChanged } from './session-changed.ts';
import { speakFor } from './speak-for.ts';

export interface ProviderInput {
  db: Database;
  keyring: Keyring;
  log: Log;
  issuer: string;
  keys: JWK[];
  pages: ProtocolPages;
  policy: LivePolicy;
  outgoing: Outgoing;
}

/** What the protocol leaves in `ctx.state` for the middleware around it. */
export interface ProtocolState {
  requestId?: string;
  /** An error the protocol answered by itself. */
  fault?: Error;
  /** The session that this request ended. */
  endedSessionUid?: string;
}

/** Secrets are stored as digests: what is presented is compared by its own. */
function isSecretOf(client: Client, keyring: Keyring, presented: string): boolean {
  const stored = client.clientSecret?.split(' ') ?? [];
  const digests = keyring.digests('client-secret', presented).map((digest) => digest.toString('hex'));
  // No early end: the time tells nothing about which secret was near.
  const fits = stored.flatMap((one) => digests.map((other) => constantTimeEqual(one, other)));
  return fits.includes(true);
}

function replaceSessionMethods({ Session }: ProviderModels, { db, issuer }: ProviderInput): void {
  // A destroyed session is ended for good, by its uid: an id that rotates meanwhile does not save it.
  Session.prototype.destroy = async function destroy() {
    const ctx = protocolContext();
    // The library ends the session of the person before, when somebody else signs in, and then goes on with that.
    const next = ctx?.oidc.session?.state?.['postLogoutRedirectUri'];
    const isSwitching = typeof next === 'string' && next.startsWith(`${issuer}/oauth/authorize/`);
    await endSessions(db, [this.uid], isSwitching ? 'other_account' : 'signed_out');
    if (ctx) (ctx.state as ProtocolState).endedSessionUid = this.uid;
    this.destroyed = true;
  };

  // The id changes whenever somebody signs in, so that a planted one is worth nothing. A resumed consent changes
  // nothing about who is signed in, and a needless new id would race with the person's other tabs.
  const { resetIdentifier, loginAccount } = Session.prototype;
  Session.prototype.resetIdentifier = function reset() {
    const oidc = protocolContext()?.oidc;
    if (oidc?.route === 'resume' && !oidc.result?.login) return;
    resetIdentifier.call(this);
  };

  // The library never takes `transient` back: somebody who signs in once more, to be remembered, would not be.
  Session.prototype.loginAccount = function login(details) {
    this.transient = undefined;
    loginAccount.call(this, details);
  };
}

function replaceClientMethods({ Client: OidcClient }: ProviderModels, { db, keyring }: ProviderInput): void {
  OidcClient.prototype.compareClientSecret = function compare(presented: string) {
    return isSecretOf(this, keyring, presented);
  };
  // Every client gets `sid`, so that it can tell which session a sign-out is about.
  OidcClient.prototype.includeSid = () => true;
  // The end of a session leaves notices for all its apps; one try while the person waits would be less. The library
  // still asks here when the person signs out of one app alone.
  OidcClient.prototype.backchannelLogout = async function tell(accountId, sid) {
    const { params, session } = protocolContext()?.oidc ?? {};
    if (params?.['logout'] || !session) return;
    await tellApp(db, {
      accountId,
      clientId: this.clientId,
      sessionUid: session.uid,
      sid,
      reason: 'signed_out_of_app',
    });
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
  ReplayDetection: { unique(issuer: string, jti: string, expiresAt: number): Promise<boolean> };
}

export function createProvider(input: ProviderInput): Provider {
  const { db, keyring, log, issuer } = input;
  const provider = new Provider(issuer, createConfiguration(input));
  const models = provider as unknown as ProviderModels;
  speakFor(issuer, provider);
  replaceSessionMethods(models, input);
  replaceClientMethods(models, input);
  // Looking and then writing would let two equal assertions through at once.
  models.ReplayDetection.unique = async (from, jti, expiresAt) =>
    rememberSeen(db, keyring.digest('ReplayDetection', `${from}\0${jti}`), fromEpoch(expiresAt));
  // The library answers faults itself; whoever commits or undoes the request must hear of them.
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: Error) => {
    if (error instanceof SessionChanged) return;
    const state = ctx.state as ProtocolState;
    state.fault = error;
    log.error({ err: error, requestId: state.requestId }, 'protocol fault');
  });
  return provider;
}
