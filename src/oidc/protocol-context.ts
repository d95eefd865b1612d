/** The current request of oidc-provider, its state, and conversion of its timestamps. */
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';

/** The Koa context of the current request; undefined outside of oidc-provider's endpoints. */
export const protocolContext = (): KoaContextWithOIDC | undefined => Provider.ctx;

/** NumericDate (RFC 7519 §2): seconds since 1970-01-01 UTC. */
export const epoch = (date: Date): number => Math.floor(date.getTime() / 1000);

export const fromEpoch = (seconds: number): Date => new Date(seconds * 1000);

/** Members of `ctx.state` that the protocol sets for the middleware around it. */
export interface ProtocolState {
  requestId?: string;
  /** An error that oidc-provider turned into a response. */
  fault?: Error;
  /** Whether the client got an authorization response with a code or token. */
  isAuthorized?: boolean;
  /** `uid` of the session that this request ended. */
  endedSessionUid?: string;
  /** Client that requested the end of the session; undefined when none was named. */
  endedByClientId?: string | undefined;
}
