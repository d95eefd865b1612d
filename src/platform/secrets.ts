/** Random tokens, keyed digests, and sealing: all that Frontdesk does with its root secrets. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** A random value of 256 bits, base64url: 43 characters. */
export const randomToken = (): string => randomBytes(32).toString('base64url');

/** Compares in a time that depends on the lengths alone. */
export function constantTimeEqual(one: string | Buffer, other: string | Buffer): boolean {
  const [left, right] = [one, other].map((value) => createHash('sha256').update(value).digest());
  return timingSafeEqual(left!, right!);
}

/** One root secret with the keys derived from it (HKDF-SHA-256, RFC 5869), one for each purpose. */
interface Key {
  /** Names the root secret in digests and sealed values; 4 bytes, not secret. */
  id: Buffer;
  cookies: Buffer;
  digests: Buffer;
  seals: Buffer;
  forms: Buffer;
}

/** Keys from the root secrets, newest first. New values use the newest; old ones are still understood. */
export interface Keyring {
  /** Keys for Keygrip, newest first. */
  readonly cookieKeys: string[];
  /** 36 bytes: key id and HMAC-SHA-256 of the value. What the database holds instead of a bearer value. */
  digest(kind: string, value: string): Buffer;
  /** The digest under every key, newest first: what to look a value up by. */
  digests(kind: string, value: string): Buffer[];
  /** Authenticates a short text for a form (CSRF token); base64url. */
  sign(text: string): string;
  isSigned(text: string, signature: string): boolean;
  /** AES-256-GCM. The context (table, column, row) is authenticated, so a value cannot be moved elsewhere. */
  seal(context: string, plain: string): Buffer;
  /** @throws Error when the value was sealed by a secret that is gone, for another context, or changed */
  open(context: string, sealed: Buffer): string;
  /** Whether a sealed value should be sealed again under the newest key. */
  isStale(sealed: Buffer): boolean;
}

const nonceBytes = 12;
const tagBytes = 16;
const idBytes = 4;

function deriveKey(secret: string): Key {
  const derive = (purpose: string, bytes = 32) => Buffer.from(hkdfSync('sha256', secret, 'frontdesk', purpose, bytes));
  return {
    id: derive('key id', idBytes),
    cookies: derive('cookies'),
    digests: derive('digests'),
    seals: derive('seals'),
    forms: derive('forms'),
  };
}

export function createKeyring(secrets: readonly string[]): Keyring {
  const keys = secrets.map(deriveKey);
  const newest = keys[0];
  if (!newest) throw new Error('a keyring needs at least one secret');

  const digestBy = (key: Key, kind: string, value: string) =>
    Buffer.concat([key.id, createHmac('sha256', key.digests).update(`${kind}\0${value}`).digest()]);
  const signBy = (key: Key, text: string) => createHmac('sha256', key.forms).update(text).digest('base64url');

  return {
    cookieKeys: keys.map((key) => key.cookies.toString('base64url')),
    digest: (kind, value) => digestBy(newest, kind, value),
    digests: (kind, value) => keys.map((key) => digestBy(key, kind, value)),
    sign: (text) => signBy(newest, text),
    isSigned: (text, signature) => keys.some((key) => constantTimeEqual(signBy(key, text), signature)),

    seal(context, plain) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', newest.seals, nonce).setAAD(Buffer.from(context));
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([newest.id, nonce, cipher.getAuthTag(), text]);
    },

    open(context, sealed) {
      const key = keys.find(({ id }) => id.equals(sealed.subarray(0, idBytes)));
      if (!key) throw new Error(`${context} was sealed by a secret that is no longer among the settings`);
      const nonce = sealed.subarray(idBytes, idBytes + nonceBytes);
      const tag = sealed.subarray(idBytes + nonceBytes, idBytes + nonceBytes + tagBytes);
      const decipher = createDecipheriv('aes-256-gcm', key.seals, nonce, { authTagLength: tagBytes })
        .setAAD(Buffer.from(context))
        .setAuthTag(tag);
      const text = sealed.subarray(idBytes + nonceBytes + tagBytes);
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
    },

    isStale: (sealed) => !newest.id.equals(sealed.subarray(0, idBytes)),
  };
}
