/** Methods of oidc-provider's Session that are replaced. */
import type { Provider } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import { endSessions } from '../../sessions/end-session.ts';
import { discardResults } from '../prefetch/prefetch.ts';
import { protocolContext, type ProtocolState } from '../protocol-context.ts';

interface SessionModel {
  uid: string;
  destroyed?: boolean;
  transient?: boolean | undefined;
  destroy: (this: SessionModel) => Promise<void>;
  resetIdentifier: (this: SessionModel) => void;
  loginAccount: (this: SessionModel, details: object) => void;
}

export function replaceSessionMethods(provider: Provider, db: Database): void {
  const { prototype } = provider.Session as unknown as { prototype: SessionModel };
  const { resetIdentifier, loginAccount } = prototype;

  // The session is ended by uid, so that a concurrent rotation of its id does not keep it alive.
  prototype.destroy = async function destroy() {
    discardResults();
    await endSessions(db, [this.uid], 'signed_out');
    const ctx = protocolContext();
    const ended: ProtocolState = { endedSessionUid: this.uid, endedByClientId: ctx?.oidc.client?.clientId };
    if (ctx) Object.assign(ctx.state, ended);
    this.destroyed = true;
  };

  // The id rotates at every sign-in, against session fixation. After a consent a rotation is not needed, and would
  // conflict with requests of the person's other tabs.
  prototype.resetIdentifier = function reset() {
    const oidc = protocolContext()?.oidc;
    if (oidc?.route === 'resume' && !oidc.result?.login) return;
    resetIdentifier.call(this);
  };

  // The library never resets `transient`: a person who chose to stay signed in this time would not stay signed in.
  prototype.loginAccount = function login(details) {
    this.transient = undefined;
    loginAccount.call(this, details);
  };
}
