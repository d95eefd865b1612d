/** Random tokens, and keys derived from the root secrets: keyed digests, signatures of forms, encryption. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';

/** @returns 256 random bits, base64url: 43 characters */
export const randomToken = (): string => randomBytes(32).toString('base64url');

/** Compares two values in a time that does not depend on where they differ; it may tell that their lengths differ. */
export function constantTimeEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Thrown when a digest or sealed value was made with a root secret that SECRET no longer lists. */
export class RootSecretMissing extends Error {
  override readonly name = 'RootSecretMissing';
}

/**
 * The keys derived from one root secret, one for each purpose (HKDF-SHA-256, RFC 5869). Node uses a KeyObject without
 * preparing it each time.
 */
interface DerivedKeys {
  /** Names the root secret in digests and sealed values: 4 bytes, not secret. */
  id: Buffer;
  cookies: KeyObject;
  digests: KeyObject;
  seals: KeyObject;
  forms: KeyObject;
  successors: KeyObject;
}

/**
 * The keys of all root secrets. The first root secret of SECRET counts as the newest: new values are made with it, and
 * values made with the others stay valid.
 */
export interface Keyring {
  /** Keys for Keygrip, newest first. */
  readonly cookieKeys: readonly KeyObject[];
  /**
   * The key id and HMAC-SHA-256 of a value: 36 bytes, which the database stores instead of the value.
   *
   * @param kind what the value is, such as `RefreshToken`: digests of different kinds differ
   */
  digest(kind: string, value: string): Buffer;
  /** The digests under every key, newest first, to look up a stored value. */
  digests(kind: string, value: string): Buffer[];
  /**
   * Derives the value that follows a stored one, such as the next refresh token: the same each time, and not computable
   * without both the root secret and the salt.
   *
   * @param digest as stored: it names the root secret to derive with
   * @returns 43 characters, base64url
   * @throws RootSecretMissing
   */
  successor(digest: Buffer, salt: Buffer, value: string): string;
  /** HMAC-SHA-256 of a text, base64url, for form tokens. */
  sign(text: string): string;
  isSigned(text: string, signature: string): boolean;
  /**
   * Encrypts a text with AES-256-GCM.
   *
   * @param context table, column and row: authenticated, so that a value cannot be moved to another place
   */
  seal(context: string, plain: string): Buffer;
  /**
   * Decrypts a value that `seal` returned.
   *
   * @throws RootSecretMissing when its root secret is no longer set
   * @throws Error for another context, and when the value was changed
   */
  open(context: string, sealed: Buffer): string;
  /** Whether a value was sealed with another key than the newest, and should be sealed again. */
  isStale(sealed: Buffer): boolean;
}

const nonceBytes = 12;
const tagBytes = 16;
const idBytes = 4;

function deriveKeys(secret: string): DerivedKeys {
  const derive = (purpose: string, bytes = 32) => Buffer.from(hkdfSync('sha256', secret, 'frontdesk', purpose, bytes));
  const deriveKey = (purpose: string) => createSecretKey(derive(purpose));
  return {
    id: derive('key id', idBytes),
    // The key of Keygrip is a text.
    cookies: createSecretKey(derive('cookies').toString('base64url'), 'utf8'),
    digests: deriveKey('digests'),
    seals: deriveKey('seals'),
    forms: deriveKey('forms'),
    successors: deriveKey('successors'),
  };
}

export function createKeyring(secrets: readonly string[]): Keyring {
  const keys = [...new Set(secrets)].map(deriveKeys);
  const newest = keys[0];
  if (!newest) throw new Error('a keyring needs at least one secret');

  const digestBy = (key: DerivedKeys, kind: string, value: string) =>
    Buffer.concat([key.id, createHmac('sha256', key.digests).update(`${kind}\0${value}`).digest()]);
  const signBy = (key: DerivedKeys, text: string) => createHmac('sha256', key.forms).update(text).digest('base64url');

  return {
    cookieKeys: keys.map((key) => key.cookies),
    digest: (kind, value) => digestBy(newest, kind, value),
    digests: (kind, value) => keys.map((key) => digestBy(key, kind, value)),
    successor(digest, salt, value) {
      const key = keys.find(({ id }) => id.equals(digest.subarray(0, idBytes)));
      if (!key) throw new RootSecretMissing('a digest was made with a root secret that is no longer set');
      return createHmac('sha256', key.successors).update(salt).update('\0').update(value).digest('base64url');
    },
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
      if (!key) throw new RootSecretMissing(`${context} was sealed with a root secret that is no longer set`);
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
