/** The session of one browser: the person who is signed in, and the apps that the person signed in to. */

/** An app that a session was used to sign in to, as oidc-provider stores it. */
export interface Authorization {
  /** `sid` of the session in the tokens of this app. */
  sid?: string | undefined;
  grantId?: string | undefined;
  /** Whether the app has offline access, which outlives the session. */
  persistsLogout?: boolean | undefined;
}

/** client_id → authorization. */
export type Authorizations = Record<string, Authorization>;

export interface Session {
  /** Identifies the session as long as it exists; never sent to a browser. */
  uid: string;
  /** Undefined until somebody signs in. */
  accountId: string | undefined;
  signedInAt: Date | undefined;
  acr: string | undefined;
  amr: string[] | undefined;
  /** Whether the browser deletes the cookie when it is closed. */
  isTransient: boolean;
  /** State of a sign-out that the person has yet to confirm. */
  state: Record<string, unknown> | undefined;
  authorizations: Authorizations;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  /** IP address of the last request. */
  ip: string | undefined;
  userAgent: string | undefined;
}

/** Why a session ends. Audit events and notices store these values. */
export type EndReason =
  | 'account_removed'
  | 'account_suspended'
  | 'ended_by_administrator'
  | 'ended_from_another_device'
  | 'expired'
  | 'other_account'
  | 'password_changed'
  | 'signed_in_again'
  | 'signed_out';

/** Why an app is removed from a person's sessions, which continue. */
export type AppRemovalReason = 'app_removed' | 'refresh_token_reused' | 'signed_out_of_app';

/** How the authorizations that a request writes differ from those that it loaded. */
export interface AuthorizationChange {
  /** New entries, and entries with another value. */
  changed: Authorizations;
  /** Ids of the clients that were loaded and are no longer there. */
  removed: string[];
  /** Ids of the clients that were not loaded: the row must not have them yet. */
  added: string[];
  /** The changed and removed entries as they were loaded: the row must still have them. */
  loaded: Authorizations;
}

const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** @param before the authorizations as loaded @param after the authorizations to be written */
export function authorizationChange(before: Authorizations, after: Authorizations): AuthorizationChange {
  const changed = Object.entries(after).filter(([clientId, entry]) => !isEqual(entry, before[clientId]));
  const removed = Object.keys(before).filter((clientId) => !Object.hasOwn(after, clientId));
  const added = changed.map(([clientId]) => clientId).filter((clientId) => !Object.hasOwn(before, clientId));
  const touched = new Set([...changed.map(([clientId]) => clientId), ...removed]);
  const loaded = Object.entries(before).filter(([clientId]) => touched.has(clientId));
  return { changed: Object.fromEntries(changed), removed, added, loaded: Object.fromEntries(loaded) };
}
