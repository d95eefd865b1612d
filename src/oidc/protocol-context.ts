/** The current request of oidc-provider, and its times. */
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';

/** The current request; undefined on pages of ours and in commands. */
export const protocolContext = (): KoaContextWithOIDC | undefined => Provider.ctx;

/** NumericDate (RFC 7519 §2): seconds since 1970-01-01 UTC. */
export const epoch = (date: Date): number => Math.floor(date.getTime() / 1000);

export const fromEpoch = (seconds: number): Date => new Date(seconds * 1000);

/** Members of `ctx.state` that the protocol sets for the middleware around it. */
export interface ProtocolState {
  requestId?: string;
  /** An error that oidc-provider turned into a response. */
  fault?: Error;
  /** The client got an authorization response with a code or token. */
  isAuthorized?: boolean;
  /** `uid` of the session that this request ended. */
  endedSessionUid?: string;
  /** Client that requested the end. */
  endedByClientId?: string | undefined;
}
