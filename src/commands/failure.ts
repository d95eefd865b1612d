/** Messages of failed commands: for refusals, and for errors of the database, the network and the file system. */
import type { Texts } from '../platform/texts.ts';
import { InvalidSettings, type Config } from '../config.ts';
import { problemText, Refusal, refusalText } from '../errors.ts';
import { CommitUncertain, DatabaseBusy, TextNotStorable } from '../platform/database-errors.ts';
import { LocalFailure } from '../platform/local-failure.ts';
import { RootSecretMissing } from '../platform/secrets.ts';

/** The words for each code are in `views/texts/en.json` under `failures`. */
export const failures = [
  'certificate_of_other_host',
  'certificate_untrusted',
  'database_busy',
  'database_connections',
  'database_demands_tls',
  'database_full',
  'database_host_unknown',
  'database_lacks_tls',
  'database_not_admitted',
  'database_permission',
  'database_sign_in',
  'database_tls',
  'database_unknown',
  'database_unreachable',
  'disk_full',
  'file_in_the_way',
  'file_permission',
  'file_read_only',
  'listen_address_unavailable',
  'listen_permission',
  'listen_port_taken',
  'root_secret_missing',
  'settings',
  'unexpected',
] as const;

export type Failure = (typeof failures)[number];

/** Thrown when the server cannot listen on its port; `cause` is Node's error. */
export class ListenFailed extends Error {
  override readonly name = 'ListenFailed';
}

/** Members that an error of Node or of the PostgreSQL driver may have. */
interface SystemError extends Error {
  code?: string;
  syscall?: string;
  path?: string;
  address?: string;
  hostname?: string;
  port?: number;
  errors?: unknown[];
}

type Rule = [pattern: RegExp, failure: Failure];

/** Rules for the `code` of an error of the database connection: SQLSTATE, or a code of Node. */
const databaseCodes: readonly Rule[] = [
  [/^(28P01|28000)$/, 'database_sign_in'],
  [/^3D000$/, 'database_unknown'],
  [/^42501$/, 'database_permission'],
  [/^53300$/, 'database_connections'],
  [/^53\w{3}$/, 'database_full'],
  [/^(08\w{3}|57P0[1-3]|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/, 'database_unreachable'],
  [/^(ENOTFOUND|EAI_AGAIN|EAI_FAIL)$/, 'database_host_unknown'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'certificate_of_other_host'],
  [/^(.*SELF_SIGNED.*|UNABLE_TO_.*|CERT_.*)$/, 'certificate_untrusted'],
  [/^(EPROTO|ERR_SSL_.*|ERR_TLS_.*)$/, 'database_tls'],
];

/** Rules for the message that come before those for the code: PostgreSQL and pgbouncer have one code for all of these. */
const admissionMessages: readonly Rule[] = [
  [/no encryption$|SSL off$|SSL required$|SSL connection is required/i, 'database_demands_tls'],
  [/pg_hba\.conf/i, 'database_not_admitted'],
  [/no such database|database .* does not exist/i, 'database_unknown'],
  [/authentication failed|no such user/i, 'database_sign_in'],
  [/no more connections allowed/i, 'database_connections'],
];

/** Rules for the message: not all errors of the driver have codes, and node-pg-migrate drops the code and the cause. */
const databaseMessages: readonly Rule[] = [
  [/permission denied|must be owner of/i, 'database_permission'],
  [/^SASL|password must be a string/i, 'database_sign_in'],
  [/does not support SSL/i, 'database_lacks_tls'],
  [/establishing an SSL connection/i, 'database_tls'],
  [
    /timeout (exceeded when trying to connect|expired)|connection timeout|connection terminated/i,
    'database_unreachable',
  ],
];

/** Rules for the `code` of any error: a write to an open file fails without a path. */
const diskCodes: readonly Rule[] = [[/^(ENOSPC|EDQUOT)$/, 'disk_full']];

const fileCodes: readonly Rule[] = [
  [/^(EACCES|EPERM)$/, 'file_permission'],
  [/^EROFS$/, 'file_read_only'],
  [/^(EEXIST|ENOTDIR|EISDIR)$/, 'file_in_the_way'],
  ...diskCodes,
];

const listenCodes: readonly Rule[] = [
  [/^EADDRINUSE$/, 'listen_port_taken'],
  [/^EACCES$/, 'listen_permission'],
  [/^(EADDRNOTAVAIL|ENOTFOUND|EAI_AGAIN|EINVAL)$/, 'listen_address_unavailable'],
];

const match = (rules: readonly Rule[], text: string): Failure | undefined =>
  rules.find(([pattern]) => pattern.test(text))?.[1];

/** The error, and the errors that caused it, the outermost first. */
function chainOf(error: unknown): SystemError[] {
  // An error of Node is no `instanceof Error` in another realm, such as a test's.
  if (typeof error !== 'object' || error === null || !('message' in error)) return [];
  const { errors = [], cause } = error as SystemError;
  return [error as SystemError, ...errors.flatMap(chainOf), ...chainOf(cause)];
}

function failureOf(error: SystemError): Failure | undefined {
  const { code = '', syscall, path, message } = error;
  const isFileError = path !== undefined && syscall !== 'connect';
  const byAdmission = /^(28000|08P01)$/.test(code) ? match(admissionMessages, message) : undefined;
  const byCode = byAdmission ?? match(isFileError ? fileCodes : databaseCodes, code);
  if (byCode) return byCode;
  // The path of such an error is that of the database's Unix socket.
  if (syscall === 'connect') return 'database_unreachable';
  return match(diskCodes, code) ?? match(databaseMessages, message);
}

/** The path or `host:port` that an error names; empty when it names neither. */
const placeOf = ({ address, hostname, port, path }: SystemError): string => {
  const host = hostname ?? address ?? '';
  return path ?? (port === undefined ? host : `${host}:${port}`);
};

/** The failure that an error stands for, and the error of the chain that shows it. */
function findFailure(chain: readonly SystemError[]): [Failure, SystemError | undefined] {
  const isListenError = chain.some((error) => error instanceof ListenFailed);
  for (const error of chain) {
    const failure = isListenError ? match(listenCodes, error.code ?? '') : failureOf(error);
    if (failure) return [failure, error];
  }
  // These come last, because the cause of a DatabaseBusy is often more precise.
  if (chain.some((error) => error instanceof DatabaseBusy)) return ['database_busy', undefined];
  if (chain.some((error) => error instanceof RootSecretMissing)) return ['root_secret_missing', undefined];
  return ['unexpected', chain[0]];
}

/** @returns the failure outside of the program that an error stands for; `unexpected` for a refusal */
export const failureKindOf = (error: unknown): Failure => findFailure(chainOf(error))[0];

/** Failures whose messages name DATABASE_URL, which an embedded database does not have. */
const namingDatabaseUrl = new Set<Failure>(['database_connections', 'database_full', 'database_unreachable']);

/** @returns an error whose message names the folder of the embedded database; any other error unchanged */
export function nameFolder(error: unknown, { databaseUrl, dataFolder: folder }: Config): unknown {
  const failure = failureKindOf(error);
  if (databaseUrl !== undefined || !namingDatabaseUrl.has(failure)) return error;
  return new LocalFailure(
    failure === 'database_full' ? 'disk_full' : 'database_unreachable',
    { folder },
    { cause: error },
  );
}

function systemText(texts: Texts, chain: readonly SystemError[]): string {
  const [failure, error] = findFailure(chain);
  if (failure === 'unexpected') return texts('failures.unexpected', { name: error?.code ?? error?.name ?? 'Error' });
  const place = [...(error ? [error] : []), ...chain].map(placeOf).find(Boolean) ?? texts('failure_places.unknown');
  return texts(`failures.${failure}`, { code: error?.code ?? '', place });
}

/** @returns what went wrong and what to do about it; never a message of Node or of the driver */
export function failureText(texts: Texts, error: unknown): string {
  const chain = chainOf(error);
  if (error instanceof Refusal) return refusalText(texts, error);
  if (error instanceof CommitUncertain) return refusalText(texts, new Refusal('outcome_unknown'));
  if (chain.some((each) => each instanceof TextNotStorable)) return refusalText(texts, new Refusal('text_invalid'));
  if (error instanceof InvalidSettings) {
    const problems = error.problems.map((problem) => `  ${problemText(texts, problem)}`);
    return [texts('failures.settings'), ...problems].join('\n');
  }
  if (error instanceof LocalFailure) return texts(`local_failures.${error.code}`, error.values);
  return systemText(texts, chain);
}

/** The stacks of an error and of its causes, for LOG_LEVEL=debug. */
export const stacksOf = (error: unknown): string =>
  chainOf(error)
    .map(({ stack, message }) => stack ?? message)
    .join('\nCaused by: ') || String(error);
