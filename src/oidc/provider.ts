/** One Provider of oidc-provider: built from the keys of the moment, with the methods we replace. */
import { Provider, type Client, type KoaContextWithOIDC } from 'oidc-provider';
import type { JWK } from 'jose';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import { constantTimeEqual, type Keyring } from '../platform/secrets.ts';
import { endSession } from '../sessions/end-session.ts';
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
}

/** Secrets are stored as digests: what is presented is compared by its own. */
function isSecretOf(client: Client, keyring: Keyring, presented: string): boolean {
  const stored = client.clientSecret?.split(' ') ?? [];
  const digests = keyring.digests('client-secret', presented).map((digest) => digest.toString('hex'));
  // No early end: the time tells nothing about which secret was near.
  const fits = stored.flatMap((one) => digests.map((other) => constantTimeEqual(one, other)));
  return fits.includes(true);
}

function replaceMethods(provider: Provider, { db, keyring }: ProviderInput): void {
  const { Session, Client: OidcClient, ReplayDetection } = provider as unknown as ProviderModels;

  // A destroyed session is ended for good, by its uid: an id that rotates meanwhile does not save it.
  Session.prototype.destroy = async function destroy() {
    await endSession(
      db,
      this.uid,
      protocolContext()?.oidc.route === 'end_session_confirm' ? 'signed_out' : 'other_account',
    );
    this.destroyed = true;
  };

  // The id changes whenever somebody signs in, so that a planted one is worth nothing. A resumed consent changes
  // nothing about who is signed in, and a needless new id would race with the person's other tabs.
  const { resetIdentifier } = Session.prototype;
  Session.prototype.resetIdentifier = function reset() {
    const oidc = protocolContext()?.oidc;
    if (oidc?.route === 'resume' && !oidc.result?.login) return;
    resetIdentifier.call(this);
  };

  OidcClient.prototype.compareClientSecret = function compare(presented: string) {
    return isSecretOf(this, keyring, presented);
  };
  // Every client gets `sid`, so that it can tell which session a sign-out is about.
  OidcClient.prototype.includeSid = () => true;
  // One try while the person waits is not enough: apps are told by the notices that the end of a session leaves.
  OidcClient.prototype.backchannelLogout = async () => {};

  // Looking and then writing would let two equal assertions through at once.
  ReplayDetection.unique = async (issuer, jti, expiresAt) =>
    rememberSeen(db, keyring.digest('ReplayDetection', `${issuer}\0${jti}`), fromEpoch(expiresAt));
}

interface SessionModel {
  uid: string;
  destroyed?: boolean;
  destroy: (this: SessionModel) => Promise<void>;
  resetIdentifier: (this: SessionModel) => void;
}

/** The parts of the library's models that are replaced. */
interface ProviderModels {
  Session: { prototype: SessionModel };
  Client: {
    prototype: Client & {
      compareClientSecret(presented: string): boolean;
      includeSid(): boolean;
      backchannelLogout(): Promise<void>;
    };
  };
  ReplayDetection: { unique(issuer: string, jti: string, expiresAt: number): Promise<boolean> };
}

export function createProvider(input: ProviderInput): Provider {
  const provider = new Provider(input.issuer, createConfiguration(input));
  speakFor(input.issuer, provider);
  replaceMethods(provider, input);
  // The library answers faults itself; whoever commits or undoes the request must hear of them.
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: Error) => {
    if (error instanceof SessionChanged) return;
    (ctx.state as { fault?: Error }).fault = error;
    input.log.error({ err: error, requestId: (ctx.state as { requestId?: string }).requestId }, 'protocol fault');
  });
  return provider;
}
