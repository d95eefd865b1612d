/** Methods of oidc-provider's Session that are replaced. */
import type { Provider } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import { endSessions } from '../../sessions/end-session.ts';
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

  // Ended by its uid: a rotation of its id at the same time does not save it.
  prototype.destroy = async function destroy() {
    await endSessions(db, [this.uid], 'signed_out');
    const ctx = protocolContext();
    const ended: ProtocolState = { endedSessionUid: this.uid, endedByClientId: ctx?.oidc.client?.clientId };
    if (ctx) Object.assign(ctx.state, ended);
    this.destroyed = true;
  };

  // The id rotates at every sign-in, against session fixation. It need not after a consent, where a rotation would only
  // conflict with requests of the person's other tabs.
  prototype.resetIdentifier = function reset() {
    const oidc = protocolContext()?.oidc;
    if (oidc?.route === 'resume' && !oidc.result?.login) return;
    resetIdentifier.call(this);
  };

  // The library never resets `transient`: somebody who signs in again and wants to be remembered would not be.
  prototype.loginAccount = function login(details) {
    this.transient = undefined;
    loginAccount.call(this, details);
  };
}
