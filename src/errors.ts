/** Refusals: every code with its HTTP status, the class that carries one, and the words that people read. */
import type { Texts } from './platform/texts.ts';
import type { Problem, Reason } from './reasons.ts';

/**
 * Code → HTTP status. The words for each code are in `views/texts/en.json` under `refusals`.
 * Codes are public: they appear on pages, in problem+json and on the command line, and are never renamed.
 */
export const refusals = {
  account_suspended: 403,
  account_unknown: 404,
  address_locked: 429,
  api_exists: 409,
  api_unknown: 404,
  argument_invalid: 400,
  body_invalid: 400,
  body_too_large: 413,
  claims_invalid: 400,
  client_changed: 409,
  client_being_removed: 409,
  client_exists: 409,
  client_invalid: 400,
  client_secret_limit: 409,
  client_secret_unknown: 404,
  client_self_registered: 409,
  client_unknown: 404,
  client_without_secret: 409,
  credentials_wrong: 422,
  credentials_wrong_again: 422,
  cross_site: 403,
  csrf_token_wrong: 403,
  database_busy: 503,
  database_empty: 404,
  database_missing: 404,
  database_newer: 409,
  database_of_other_issuer: 409,
  database_of_other_secret: 409,
  database_sessions_shared: 409,
  database_unavailable: 503,
  dead_letter_unknown: 404,
  duration_invalid: 400,
  email_invalid: 400,
  email_taken: 409,
  field_required: 422,
  form_type_wrong: 403,
  host_wrong: 421,
  interaction_expired: 400,
  json_invalid: 400,
  management_token_wrong: 401,
  navigation_required: 403,
  not_found: 404,
  outcome_unknown: 503,
  password_long: 400,
  password_repetitive: 400,
  password_short: 400,
  policy_out_of_bounds: 400,
  policy_unknown: 404,
  policy_value_unknown: 400,
  receipt_expired: 404,
  redirect_uri_invalid: 400,
  redirect_uri_required: 400,
  registration_token_unknown: 404,
  registration_token_wrong: 401,
  request_object_invalid: 400,
  request_too_large: 413,
  request_uri_unknown: 400,
  request_uri_unreachable: 400,
  scope_unknown: 400,
  secret_file_exists: 409,
  secret_unknown: 409,
  server_busy: 503,
  session_ended: 400,
  session_unknown: 404,
  sign_in_busy: 503,
  sign_in_limited: 429,
  text_invalid: 400,
  too_many_attempts: 429,
  too_many_redirect_uris: 400,
  too_many_requests: 429,
  username_invalid: 400,
  username_taken: 409,
} as const;

export type RefusalCode = keyof typeof refusals;

/**
 * Values for the placeholders in the words of a refusal, such as `{{minutes}}`; `reason` is put into words. Never
 * secrets.
 */
export type RefusalValues = Readonly<Record<string, string | number>> & { readonly reason?: Reason };

/** Thrown when a request was understood and is refused; the caller can do something about it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly status: number;
  readonly values: RefusalValues;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RefusalCode, values: RefusalValues = {}, retryAfterSeconds?: number) {
    super(code);
    this.code = code;
    this.status = refusals[code];
    this.values = values;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The words for a refusal, in the language of `texts`. */
export function refusalText(texts: Texts, { code, values }: Refusal): string {
  const { reason } = values;
  const words = reason === undefined ? undefined : { reason: texts(`reasons.${reason}`, values) };
  return texts(`refusals.${code}`, { ...values, ...words });
}

/**
 * The words for a problem with one value, in the language of `texts`: `PORT must be a whole number from 1 to 65535`.
 */
export const problemText = (texts: Texts, problem: Problem): string =>
  `${problem.field} ${texts(`reasons.${problem.reason}`, problem)}`;
