/** Reads DATABASE_URL: what is wrong with it, and its TLS parameters with the meaning that libpq (psql) gives them. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { ConnectionOptions, SecureContext, SecureContextOptions } from 'node:tls';

/** Why a database URL cannot be used. The words are in `views/texts/en.json` under `reasons`. */
export type DatabaseUrlReason =
  | 'must_be_postgres_url'
  | 'url_characters_unencoded'
  | 'url_has_several_hosts'
  | 'sslmode_unknown'
  | 'sslrootcert_missing'
  | 'sslrootcert_needs_verify_full'
  | 'sslnegotiation_needs_tls'
  | 'tls_file_unusable';

/** Holds no part of the URL but names and paths of its TLS parameters. */
export class DatabaseUrlInvalid extends Error {
  override readonly name = 'DatabaseUrlInvalid';
  readonly reason: DatabaseUrlReason;
  readonly values: Readonly<Record<string, string>>;
  constructor(reason: DatabaseUrlReason, values: Record<string, string> = {}) {
    super(reason);
    this.reason = reason;
    this.values = values;
  }
}

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];

/** One way to connect: with these options of TLS, or without TLS. */
export type TlsAttempt = ConnectionOptions | false;

export interface DatabaseAddress {
  /** The URL without its TLS parameters. */
  url: string;
  /** The ways to connect, in the order in which they are tried. */
  attempts: readonly TlsAttempt[];
}

const tlsParameters = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'uselibpqcompat'];

/** The host that is put into a URL without one (`postgres://user@/name?host=…`), which `URL` does not parse. */
const placeholder = 'socket.invalid';

/** @throws DatabaseUrlInvalid when a character would be read as another part of the URL than was meant */
function parseUrl(url: string): URL {
  if (!/^postgres(ql)?:\/\//.test(url)) throw new DatabaseUrlInvalid('must_be_postgres_url');
  const [, authority = '', rest = ''] = /^\w+:\/\/([^/?#]*)(.*)$/s.exec(url) ?? [];
  // A `/`, `?` or `#` in a password ends the authority, and what follows would be taken for a path.
  const isMisread = rest.includes('@') || /[\s#]|\p{Cc}/u.test(url) || /%(?![\da-f]{2})/i.test(url);
  const withHost = /^([^@]*@)?$/.test(authority) ? url.replace(authority, `${authority}${placeholder}`) : url;
  const parsed = isMisread ? null : URL.parse(authority === '' ? url : withHost);
  if (!parsed) {
    const hosts = authority.slice(authority.lastIndexOf('@') + 1);
    throw new DatabaseUrlInvalid(
      !isMisread && hosts.includes(',') ? 'url_has_several_hosts' : 'url_characters_unencoded',
    );
  }
  const { searchParams, hostname } = parsed;
  if ([hostname, searchParams.get('host'), searchParams.get('port')].some((part) => part?.includes(','))) {
    throw new DatabaseUrlInvalid('url_has_several_hosts');
  }
  try {
    for (const part of [parsed.username, parsed.password, hostname, parsed.pathname]) decodeURIComponent(part);
  } catch {
    throw new DatabaseUrlInvalid('url_characters_unencoded');
  }
  return parsed;
}

/** @throws DatabaseUrlInvalid */
function readPem(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new DatabaseUrlInvalid('tls_file_unusable', { parameter, path, error: code });
  }
}

const defaultRoot = '.postgresql/root.crt';

/** The file in the home of the user that libpq uses when no sslrootcert is set. Undefined when there is none. */
function findDefaultRoot(): string | undefined {
  try {
    const path = join(homedir(), defaultRoot);
    return existsSync(path) ? path : undefined;
  } catch {
    // The user of this process has no home.
    return undefined;
  }
}

/** @throws DatabaseUrlInvalid */
function sslModeOf(parameters: URLSearchParams): SslMode {
  // JDBC's `ssl=true` is `require` to libpq.
  const ssl = { true: 'require', '1': 'require', false: 'disable', '0': 'disable' }[parameters.get('ssl') ?? ''];
  const isSystem = parameters.get('sslrootcert') === 'system';
  const named = parameters.get('sslmode') ?? parameters.get('ssl');
  const mode = parameters.get('sslmode') ?? ssl ?? named ?? (isSystem ? 'verify-full' : 'prefer');
  if (!(sslModes as readonly string[]).includes(mode)) {
    throw new DatabaseUrlInvalid('sslmode_unknown', { allowed: sslModes.join(', ') });
  }
  if (isSystem && mode !== 'verify-full') throw new DatabaseUrlInvalid('sslrootcert_needs_verify_full');
  return mode as SslMode;
}

/** Made once for all connections: hundreds of authorities take a while to read. @throws DatabaseUrlInvalid */
function createContext(options: SecureContextOptions, parameters: URLSearchParams): SecureContext {
  try {
    if (typeof options.ca === 'string' && !options.ca.includes('-----BEGIN ')) throw new Error('no certificate');
    return createSecureContext(options);
  } catch {
    const parameter = options.key ? 'sslkey' : options.cert ? 'sslcert' : 'sslrootcert';
    const path = parameters.get(parameter) ?? defaultRoot;
    throw new DatabaseUrlInvalid('tls_file_unusable', { parameter, path, error: 'PEM' });
  }
}

/**
 * The options of TLS for a mode that uses it. As in libpq, a root certificate is used in every mode: its presence makes
 * `require` the same as `verify-ca`.
 *
 * @throws DatabaseUrlInvalid
 */
function tlsOptions(mode: SslMode, parameters: URLSearchParams): ConnectionOptions {
  const pemOf = (parameter: string) => {
    const path = parameters.get(parameter);
    return path ? readPem(parameter, path) : undefined;
  };
  const [cert, key] = [pemOf('sslcert'), pemOf('sslkey')];
  const rootPath = parameters.get('sslrootcert') ?? findDefaultRoot();
  const usesSystem = rootPath === 'system' || (!rootPath && mode === 'verify-full');
  const root = rootPath && !usesSystem ? readPem('sslrootcert', rootPath) : undefined;
  if (mode === 'verify-ca' && !root) throw new DatabaseUrlInvalid('sslrootcert_missing');
  const ca = usesSystem ? [...getCACertificates('system'), ...getCACertificates('default')] : root;
  const secureContext = createContext({ ...(cert && { cert }), ...(key && { key }), ...(ca && { ca }) }, parameters);
  if (!ca) return { secureContext, rejectUnauthorized: false };
  return mode === 'verify-full' ? { secureContext } : { secureContext, checkServerIdentity: () => undefined };
}

function attemptsFor(url: URL): readonly TlsAttempt[] {
  const { searchParams: parameters, hostname } = url;
  const mode = sslModeOf(parameters);
  const host = parameters.get('host') ?? decodeURIComponent(hostname);
  // By a Unix socket there is no TLS, whatever the mode.
  if (host.startsWith('/')) return [false];
  if (mode === 'disable') return [false];
  const tls = tlsOptions(mode, parameters);
  if (mode === 'allow') return [false, tls];
  return mode === 'prefer' ? [tls, false] : [tls];
}

/**
 * @param url `postgres://user:password@host:port/name?parameters`
 * @throws DatabaseUrlInvalid
 */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  const parsed = parseUrl(url);
  const attempts = attemptsFor(parsed);
  if (parsed.searchParams.get('sslnegotiation') === 'direct' && attempts.includes(false)) {
    throw new DatabaseUrlInvalid('sslnegotiation_needs_tls');
  }
  for (const name of tlsParameters) parsed.searchParams.delete(name);
  return { url: parsed.href.replace(placeholder, ''), attempts };
}

/** @returns the URL with these TLS parameters, where it has none of its own, as in libpq (PGSSLMODE, PGSSLROOTCERT) */
export function addTlsDefaults(url: string, defaults: Readonly<Record<string, string | undefined>>): string {
  const query = /\?(.*)$/s.exec(url)?.[1];
  const own = new URLSearchParams(query);
  const added = new URLSearchParams();
  for (const [name, value] of Object.entries(defaults)) if (value && !own.has(name)) added.set(name, value);
  if (added.size === 0 || own.has('ssl')) return url;
  return `${url}${query === undefined ? '?' : '&'}${added.toString()}`;
}
