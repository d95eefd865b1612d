/** A browser known at Frontdesk: who is signed in there, since when, and at which apps. */

/** An app signed in to with a session, as oidc-provider keeps it. */
export interface Authorization {
  /** The session's name at this app: `sid` in its tokens. */
  sid?: string | undefined;
  grantId?: string | undefined;
  /** The app holds offline access, which outlives the session. */
  persistsLogout?: boolean | undefined;
}

/** client_id → authorization. */
export type Authorizations = Record<string, Authorization>;

export interface Session {
  /** Names the session for its whole life; never sent to a browser. */
  uid: string;
  /** Undefined until somebody signs in. */
  accountId: string | undefined;
  signedInAt: Date | undefined;
  acr: string | undefined;
  amr: string[] | undefined;
  /** Ends with the browser. */
  isTransient: boolean;
  /** What a sign-out under way must remember. */
  state: Record<string, unknown> | undefined;
  authorizations: Authorizations;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  /** Where the browser was seen last. */
  ip: string | undefined;
  userAgent: string | undefined;
}

/** Why sessions end, as the audit log has it. */
export type EndReason =
  | 'account_removed'
  | 'account_suspended'
  | 'ended_by_administrator'
  | 'ended_from_another_device'
  | 'expired'
  | 'other_account'
  | 'password_changed'
  | 'signed_out';

/** Why an app leaves a person's sessions while these go on. */
export type AppRemovalReason = 'app_removed' | 'refresh_token_reused' | 'signed_out_of_app';

/** What one request changed of the authorizations it had loaded. */
export interface AuthorizationChange {
  /** Entries that are new or other than loaded. */
  changed: Authorizations;
  /** Clients that left. */
  removed: string[];
  /** Clients that entered: must not have been there before. */
  added: string[];
  /** The changed and removed entries as they were loaded: must still be so. */
  loaded: Authorizations;
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

export function authorizationChange(before: Authorizations, after: Authorizations): AuthorizationChange {
  const changed = Object.entries(after).filter(([clientId, entry]) => !same(entry, before[clientId]));
  const removed = Object.keys(before).filter((clientId) => !Object.hasOwn(after, clientId));
  const added = changed.map(([clientId]) => clientId).filter((clientId) => !Object.hasOwn(before, clientId));
  const touched = new Set([...changed.map(([clientId]) => clientId), ...removed]);
  const loaded = Object.entries(before).filter(([clientId]) => touched.has(clientId));
  return { changed: Object.fromEntries(changed), removed, added, loaded: Object.fromEntries(loaded) };
}
