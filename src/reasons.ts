/** Why a single value is refused: every reason by its code, and the first problem that a zod schema finds. */
import type { z } from 'zod';

/** The words for each code are in `views/texts/en.json` under `reasons`, as the end of a sentence about the value. */
export const reasons = [
  // Any value.
  'is_missing',
  'is_unknown',
  'unsupported_value',
  'must_be_text',
  'must_be_text_list',
  'must_be_list',
  'must_be_object',
  'must_be_boolean',
  'must_be_whole_number',
  'must_be_between',
  'must_be_positive',
  'must_be_one_of',
  'text_too_long',
  'list_too_long',
  'list_too_short',
  'number_too_large',
  'number_too_small',
  // Claims of an account.
  'must_be_web_address',
  'must_be_date',
  'must_be_time_zone',
  'must_be_language_tag',
  'must_be_phone_number',
  'must_have_a_member',
  // Names and ids.
  'must_be_client_id',
  'must_be_client_name',
  'must_be_scope_name',
  'must_be_audience',
  'duration_too_long',
  // URIs of clients.
  'is_not_a_uri',
  'uri_has_spaces',
  'uri_has_encoded_control',
  'uri_has_fragment',
  'uri_has_wildcard',
  'uri_has_user_name',
  'uri_has_dot_segment',
  'uri_has_no_host',
  'uri_has_invalid_host',
  'uri_is_of_this_server',
  'must_be_https',
  'must_be_https_or_localhost',
  'must_be_https_or_loopback',
  'http_must_be_loopback',
  'https_must_not_be_loopback',
  'must_not_be_localhost',
  'scheme_must_have_dot',
  'scheme_needs_app',
  'must_be_on_redirect_host',
  'must_be_on_redirect_origin',
  // Metadata of clients, as a whole.
  'must_be_own_client_id',
  'is_set_elsewhere',
  'is_for_sites',
  'must_be_known_scopes',
  'must_be_email_list',
  'must_be_public_keys',
  'is_missing_beside',
  'is_missing_without',
  'excludes',
  'sector_must_be_remote',
  'sector_must_not_change',
  'sector_unreachable',
  'sector_must_be_list',
  'sector_must_list_redirect_uris',
  // Settings.
  'must_be_issuer',
  'must_be_https_unless_local',
  'must_be_postgres_url',
  'url_characters_unencoded',
  'url_has_several_hosts',
  'sslmode_unknown',
  'sslrootcert_missing',
  'sslrootcert_needs_verify_full',
  'sslnegotiation_needs_tls',
  'tls_file_unusable',
  'must_be_host_list',
  'must_be_dns_servers',
  'must_be_off_or_issuer',
  'is_set_twice',
  'file_unreadable',
  'secret_missing',
  'secret_too_short',
  'secret_is_local',
] as const;

export type Reason = (typeof reasons)[number];

/**
 * Why one value is refused. Further members are values for the placeholders in the words of the reason, such as `max`.
 */
export interface Problem {
  /** Name of the value as its sender knows it: a metadata field, a claim, an option, a setting. */
  field: string;
  reason: Reason;
  [value: string]: string | number;
}

const byExpectedType: Readonly<Record<string, Reason>> = {
  string: 'must_be_text',
  array: 'must_be_list',
  object: 'must_be_object',
  record: 'must_be_object',
  boolean: 'must_be_boolean',
  number: 'must_be_whole_number',
  int: 'must_be_whole_number',
};

/** The reason for an issue of a check without a reason of its own in the schema. */
function reasonOf(issue: z.core.$ZodRawIssue): Reason {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is_missing' : (byExpectedType[issue.expected] ?? 'unsupported_value');
    case 'invalid_value':
      return 'must_be_one_of';
    case 'unrecognized_keys':
      return 'is_unknown';
    case 'too_big':
      if (issue.origin === 'string') return 'text_too_long';
      return issue.origin === 'array' ? 'list_too_long' : 'number_too_large';
    case 'too_small':
      if (issue.origin === 'string') return 'must_be_text';
      return issue.origin === 'array' ? 'list_too_short' : 'number_too_small';
    default:
      return 'unsupported_value';
  }
}

function valuesOf(issue: z.core.$ZodIssue): Record<string, string | number> {
  switch (issue.code) {
    case 'invalid_value':
      return { allowed: issue.values.map(String).join(', ') };
    case 'too_big':
      return { max: Number(issue.maximum) };
    case 'too_small':
      return { min: Number(issue.minimum) };
    case 'custom':
      return (issue.params ?? {}) as Record<string, string | number>;
    default:
      return {};
  }
}

const isReason = (text: string): text is Reason => (reasons as readonly string[]).includes(text);
const maxFieldCharacters = 100;

function toProblem(issue: z.core.$ZodIssue, whole: string): Problem {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  const field = path.length === 0 ? whole : path.join('.').slice(0, maxFieldCharacters);
  const reason = isReason(issue.message) ? issue.message : 'unsupported_value';
  return { ...valuesOf(issue), field, reason };
}

export type Checked<Value> = { value: Value; problems?: never } | { problems: [Problem, ...Problem[]] };

/**
 * Checks a value against a schema. Messages within the schema are reason codes; zod's own sentences are never used.
 *
 * @param whole name of the value, for a problem that is not about one of its members
 * @returns the parsed value, or everything that is wrong with it
 */
export function checkValue<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  whole: string,
): Checked<z.output<Schema>> {
  const parsed = schema.safeParse(value, { error: reasonOf });
  if (parsed.success) return { value: parsed.data };
  const [first, ...others] = parsed.error.issues.map((issue) => toProblem(issue, whole));
  return { problems: [first!, ...others] };
}
