/** Site A's own sessions. The browser holds a random session id and nothing else. */
import { createHash, randomBytes } from 'node:crypto';

export interface SiteSession {
  /** Claims of the ID token. */
  claims: Record<string, unknown>;
  /** Claims from the userinfo endpoint. */
  person: { name?: string | undefined; email?: string | undefined };
  /** Sent as `id_token_hint` when the person signs out. */
  idToken: string;
  /** Whether the person was signed in at Frontdesk already, so that no sign-in page was shown. */
  isRecognised: boolean;
}

/** A sign-in whose authorization response has not arrived. */
export interface PendingSignIn {
  state: string;
  nonce: string;
  codeVerifier: string;
  /** Milliseconds since 1970. */
  startedAt: number;
}

const lifetimeSeconds = 8 * 60 * 60;

/** A store in memory, for one process. A real site keeps sessions in its database, also under digests of their ids. */
export function createSessions<Value>() {
  const byDigest = new Map<string, { value: Value; expiresAt: number }>();
  const digest = (id: string) => createHash('sha256').update(id).digest('base64url');
  return {
    /** @returns a new random id, for the cookie */
    add(value: Value): string {
      const id = randomBytes(32).toString('base64url');
      byDigest.set(digest(id), { value, expiresAt: Date.now() + lifetimeSeconds * 1000 });
      return id;
    },
    find(id: string | undefined): Value | undefined {
      const entry = id === undefined ? undefined : byDigest.get(digest(id));
      return entry && entry.expiresAt > Date.now() ? entry.value : undefined;
    },
    removeWhere(matches: (value: Value) => boolean): void {
      for (const [key, { value }] of byDigest) if (matches(value)) byDigest.delete(key);
    },
    /** Removes a value and returns it. */
    take(id: string | undefined): Value | undefined {
      const value = this.find(id);
      if (id !== undefined) byDigest.delete(digest(id));
      return value;
    },
  };
}
