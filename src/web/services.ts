/** The services that handlers and middleware use, and the state that middleware stores of a request. */
import type { Context } from 'koa';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Keyring } from '../platform/secrets.ts';
import type { Texts } from '../platform/texts.ts';
import type { Views } from '../platform/views.ts';
import type { PasswordHasher } from '../credentials/password.ts';
import type { Oidc } from '../oidc/live-provider.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import type { AttemptLimits } from '../sign-in/attempt-limits.ts';

export interface Services {
  issuer: string;
  db: Database;
  log: Log;
  keyring: Keyring;
  texts: Texts;
  views: Views;
  oidc: Oidc;
  policy: LivePolicy;
  hasher: PasswordHasher;
  attemptLimits: AttemptLimits;
}

/** The state of a request, in `ctx.state`. */
export interface RequestState {
  requestId: string;
  /** When its headers were read, on the clock of `performance.now()`. */
  arrivedAt: number;
  /** An error that oidc-provider turned into a response. */
  fault?: Error;
}

export const stateOf = (ctx: Context): RequestState => ctx.state;
