/** Reads forms and JSON bodies, and protects forms against CSRF. */
import getRawBody from 'raw-body';
import type { Context } from 'koa';
import { Refusal } from '../errors.ts';
import { cookieNames } from '../oidc/cookies.ts';
import { randomToken } from '../platform/secrets.ts';
import type { Services } from './services.ts';

/** Field → value; each field once. */
export type Form = ReadonlyMap<string, string>;

/** Maximum size of a body; oidc-provider has the same limit for its endpoints. */
const maxBytes = 56 * 1024;
export const maxFields = 100;

/** @throws Refusal `body_too_large`, `body_invalid` */
async function readBody(ctx: Context): Promise<string> {
  try {
    return await getRawBody(ctx.req, {
      length: ctx.req.headers['content-length'] ?? null,
      limit: maxBytes,
      encoding: 'utf8',
    });
  } catch (error) {
    throw new Refusal((error as { type?: string }).type === 'entity.too.large' ? 'body_too_large' : 'body_invalid');
  }
}

/** @throws Refusal `json_invalid`, `body_too_large`, `body_invalid` */
export async function readJson(ctx: Context): Promise<unknown> {
  if (!ctx.is('application/json')) throw new Refusal('json_invalid');
  const body = await readBody(ctx);
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new Refusal('json_invalid');
  }
}

/**
 * The fields of a form in order; a name may occur more than once.
 *
 * @throws Refusal `form_type_wrong`, `body_too_large`, `body_invalid` (cut off)
 */
export async function readFields(ctx: Context): Promise<[name: string, value: string][]> {
  if (!ctx.is('application/x-www-form-urlencoded')) throw new Refusal('form_type_wrong');
  return [...new URLSearchParams(await readBody(ctx))];
}

/** @throws Refusal `form_type_wrong`, `body_too_large`, `body_invalid` (a field twice, too many fields, or cut off) */
export async function readForm(ctx: Context): Promise<Form> {
  const fields = await readFields(ctx);
  const form = new Map(fields);
  if (fields.length > maxFields || form.size !== fields.length) throw new Refusal('body_invalid');
  return form;
}

export interface FormTokens {
  /**
   * Issues a token for forms of one purpose in this browser, and sets the CSRF cookie when it is missing.
   *
   * @param purpose the forms that the token is valid for, such as `account <uid of the session>`
   * @param secret a secret of this browser that the token is bound to, instead of the CSRF cookie
   */
  issue(ctx: Context, purpose: string, secret?: string): string;
  isValid(ctx: Context, form: Form, purpose: string, secret?: string): boolean;
  /** @throws Refusal `csrf_token_wrong` */
  require(ctx: Context, form: Form, purpose: string, secret?: string): void;
}

/** Length of `randomToken()`. */
const cookieCharacters = 43;

/** CSRF tokens bound to one browser and one purpose: a token of another purpose is not accepted. */
export function createFormTokens({ keyring, issuer }: Pick<Services, 'keyring' | 'issuer'>): FormTokens {
  const { csrf: cookie } = cookieNames(issuer);
  const secure = issuer.startsWith('https:');
  const message = (browserSecret: string, purpose: string) => `form\0${purpose}\0${browserSecret}`;
  const isValid = (ctx: Context, form: Form, purpose: string, secret?: string): boolean => {
    const browserSecret = secret ?? ctx.cookies.get(cookie, { signed: false });
    const token = form.get('csrf');
    return Boolean(browserSecret && token && keyring.isSigned(message(browserSecret, purpose), token));
  };
  return {
    issue(ctx, purpose, secret) {
      let value = ctx.cookies.get(cookie, { signed: false });
      if (value?.length !== cookieCharacters) {
        value = randomToken();
        ctx.cookies.set(cookie, value, { httpOnly: true, sameSite: 'lax', secure, signed: false });
      }
      return keyring.sign(message(secret ?? value, purpose));
    },
    isValid,
    require(ctx, form, purpose, secret) {
      if (!isValid(ctx, form, purpose, secret)) throw new Refusal('csrf_token_wrong');
    },
  };
}
