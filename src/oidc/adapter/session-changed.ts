/** A request whose session was ended or changed by another one meanwhile: undone, and sent to try again. */
import type { KoaContextWithOIDC } from 'oidc-provider';

const tryAgain = Symbol('try again');

export class SessionConflict extends Error {
  override readonly name = 'SessionConflict';

  constructor(ctx: KoaContextWithOIDC | undefined) {
    super('the session was ended or changed by another request');
    // The library turns every error into an answer of its own, so the request is marked beside it.
    if (ctx) (ctx.state as Record<symbol, boolean>)[tryAgain] = true;
  }
}

/** Whether the request must be undone and made again, to see the session as it is now. */
export const mustRetry = (ctx: { state: object }): boolean => (ctx.state as Record<symbol, boolean>)[tryAgain] === true;
