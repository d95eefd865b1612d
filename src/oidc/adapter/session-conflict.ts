/** The conflict of concurrent requests that change the same session: the later request is rolled back and repeated. */
import type { KoaContextWithOIDC } from 'oidc-provider';

const retry = Symbol('retry');

export class SessionConflict extends Error {
  override readonly name = 'SessionConflict';

  constructor(ctx: KoaContextWithOIDC | undefined) {
    super('the session was ended or changed by another request');
    // The library turns every error into a response, so the request is marked as well.
    if (ctx) (ctx.state as Record<symbol, boolean>)[retry] = true;
  }
}

/** Whether the request must be rolled back and repeated, to see the session as it is now. */
export const mustRetry = (ctx: { state: object }): boolean => (ctx.state as Record<symbol, boolean>)[retry] === true;
