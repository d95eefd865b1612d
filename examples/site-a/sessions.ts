/** Site A's own sessions: who is signed in here. The browser holds a random name for one, and nothing else. */
import { createHash, randomBytes } from 'node:crypto';

export interface SiteSession {
  /** Claims of the ID token. */
  claims: Record<string, unknown>;
  /** What Frontdesk told about the person. */
  person: { name?: string | undefined; email?: string | undefined };
  /** Kept for signing out at Frontdesk. */
  idToken: string;
  /** Whether Frontdesk knew the person already, so that nothing had to be typed. */
  isRecognised: boolean;
}

/** A sign-in that was started and has not come back yet. */
export interface SignInUnderWay {
  state: string;
  nonce: string;
  codeVerifier: string;
  startedAt: number;
}

const lifetimeSeconds = 8 * 60 * 60;

/** In memory, for one process. A real site keeps them in its database; the names as digests, as here. */
export function createSessions<Value>() {
  const byDigest = new Map<string, { value: Value; expiresAt: number }>();
  const digest = (name: string) => createHash('sha256').update(name).digest('base64url');
  return {
    /** Returns the name for the cookie. */
    add(value: Value): string {
      const name = randomBytes(32).toString('base64url');
      byDigest.set(digest(name), { value, expiresAt: Date.now() + lifetimeSeconds * 1000 });
      return name;
    },
    find(name: string | undefined): Value | undefined {
      const found = name === undefined ? undefined : byDigest.get(digest(name));
      return found && found.expiresAt > Date.now() ? found.value : undefined;
    },
    /** Removes all that fit. */
    removeWhere(fits: (value: Value) => boolean): void {
      for (const [key, { value }] of byDigest) if (fits(value)) byDigest.delete(key);
    },
    /** Removes it, and returns what it was. */
    take(name: string | undefined): Value | undefined {
      const value = this.find(name);
      if (name !== undefined) byDigest.delete(digest(name));
      return value;
    },
  };
}
