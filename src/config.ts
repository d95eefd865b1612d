/** Reads the settings from the environment. Nothing else reads environment variables. */
import { Resolver } from 'node:dns';
import { existsSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { addTlsDefaults, DatabaseUrlInvalid, parseDatabaseUrl } from './platform/database-url.ts';
import type { LogLevel } from './platform/log.ts';
import { checkValue, type Problem, type Reason } from './reasons.ts';
import { settings } from './settings.ts';

export interface Config {
  /** `scheme://host[:port]`: the issuer identifier (OpenID Connect Discovery §3). */
  readonly issuer: string;
  /** Whether the issuer is on this machine, so that http is allowed and a secret is created when none is set. */
  readonly isLocal: boolean;
  /** Whether ISSUER is set; a command without it acts for the issuer of its database. */
  readonly isIssuerSet: boolean;
  /** Addresses to listen on, in the order in which they are tried. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Undefined for the embedded database in the data folder. */
  readonly databaseUrl: string | undefined;
  /** The maximum number of connections of the pool. */
  readonly databasePool: number;
  readonly dataFolder: string;
  /** Folder in which the folder of the database socket is made. */
  readonly runtimeFolder: string;
  /**
   * Root secrets, in the order of SECRET. Empty without SECRET, on a local issuer: then one is created in the data
   * folder.
   */
  readonly secrets: readonly string[];
  /** Number of reverse proxies that add to X-Forwarded-For. */
  readonly trustedProxies: number;
  /** Hosts that calls to apps may reach at private addresses, over http and on any port. */
  readonly outgoingAllowedHosts: readonly string[];
  /** Addresses of name servers for calls to apps, with a port if it is not 53. Empty: the system's name servers. */
  readonly dnsServers: readonly string[];
  /** Multiplies every rate limit. */
  readonly rateLimitFactor: number;
  readonly protocol: {
    /** Whether clients may register themselves (RFC 7591) with a registration token. */
    readonly hasClientRegistration: boolean;
    /** Whether the profile for the OpenID Foundation's conformance suite is on (`oidc/conformance-profile.ts`). */
    readonly isConformance: boolean;
  };
  /** How long requests are still accepted after SIGTERM. */
  readonly shutdownDelaySeconds: number;
  /** Number of processes that serve requests. */
  readonly webConcurrency: number;
  readonly logLevel: LogLevel;
}

/** Settings that cannot be used, all of them at once. */
export class InvalidSettings extends Error {
  override readonly name = 'InvalidSettings';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ field, reason }) => `${field} ${reason}`).join(', '));
    this.problems = problems;
  }
}

/** Marks a secret that was made for a local issuer; a public issuer refuses it. */
export const localSecretPrefix = 'fd_local_';

const minSecretCharacters = 32;

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: 'must_be_between' satisfies Reason,
      params: { min, max },
    })
    .transform(Number);

const positiveNumber = z.coerce
  .number('must_be_positive' satisfies Reason)
  .positive('must_be_positive' satisfies Reason);

/** The items of a list with commas or white space between them. */
const listOf = (text: string): string[] => text.split(/[,\s]+/).filter(Boolean);

/** Whether each server is an IP address, with or without a port: `10.0.0.2`, `10.0.0.2:5353`, `[2001:db8::2]:5353`. */
function areServers(servers: string[]): boolean {
  try {
    new Resolver().setServers(servers);
    return true;
  } catch {
    return false;
  }
}

const hostList = /^(\*\.)?[A-Za-z0-9.:[\]-]+([,\s]+(\*\.)?[A-Za-z0-9.:[\]-]+)*$/;

const schema = z.object({
  ISSUER: z
    .string()
    .refine(isIssuer, 'must_be_issuer' satisfies Reason)
    .default('http://localhost:4000'),
  PORT: wholeNumber(1, 65_535).optional(),
  HOST: z.string().optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must_be_postgres_url' satisfies Reason)
    .optional(),
  DATABASE_POOL: wholeNumber(1, 500).default(10),
  DATA_DIR: z.string().default('./data'),
  SECRET: z.string().optional(),
  TRUSTED_PROXIES: wholeNumber(0, 10).default(0),
  OUTGOING_ALLOWED_HOSTS: z
    .string()
    .regex(hostList, 'must_be_host_list' satisfies Reason)
    .optional(),
  DNS_SERVERS: z
    .string()
    .transform(listOf)
    .refine(areServers, 'must_be_dns_servers' satisfies Reason)
    .default([]),
  RATE_LIMIT_FACTOR: positiveNumber.default(1),
  CLIENT_REGISTRATION: z.enum(['off', 'token']).default('off'),
  CONFORMANCE_PROFILE: z.string().default('false'),
  SHUTDOWN_DELAY: wholeNumber(0, 300).default(0),
  WEB_CONCURRENCY: wholeNumber(1, 128).default(1),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  PGSSLMODE: z.string().optional(),
  PGSSLROOTCERT: z.string().optional(),
  XDG_RUNTIME_DIR: z.string().optional(),
});

/** Variables of the system and of libpq that are read beside the settings. */
const ofSystem = ['PGSSLMODE', 'PGSSLROOTCERT', 'XDG_RUNTIME_DIR'];

function isIssuer(value: string): boolean {
  const parsed = URL.parse(value);
  return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.origin === value;
}

/** Whether a host of a URL is this machine: a loopback address, or a name under `localhost` (RFC 6761 §6.3). */
export function isLocalHost(hostname: string): boolean {
  if (isIPv4(hostname)) return hostname.startsWith('127.');
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]';
}

/**
 * The settings as strings. An empty setting counts as not set. For a secret, `<name>_FILE` may name a file that holds
 * it.
 *
 * @param problems list to which problems with those files are added
 */
function readSettings(environment: NodeJS.ProcessEnv, problems: Problem[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of [...settings.map((setting) => setting.name), ...ofSystem]) {
    const value = environment[name]?.trim();
    if (value) values[name] = value;
  }
  for (const { name } of settings.filter((setting) => setting.isSecret)) {
    const field = `${name}_FILE`;
    const path = environment[field];
    if (!path) continue;
    if (values[name]) problems.push({ field: name, reason: 'is_set_twice', other: field });
    try {
      values[name] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      problems.push({ field, reason: 'file_unreadable', path, error: code });
    }
  }
  return values;
}

function secretProblems(secrets: readonly string[], isLocal: boolean): Problem[] {
  const field = 'SECRET';
  if (secrets.length === 0) return isLocal ? [] : [{ field, reason: 'secret_missing' }];
  if (secrets.some((secret) => secret.length < minSecretCharacters)) {
    return [{ field, reason: 'secret_too_short', min: minSecretCharacters }];
  }
  const hasLocal = secrets.some((secret) => secret.startsWith(localSecretPrefix));
  return hasLocal && !isLocal ? [{ field, reason: 'secret_is_local' }] : [];
}

/** The profile weakens security: a public issuer must be repeated as its value, so that nobody sets it by accident. */
function conformanceProblems(value: string, issuer: string, isLocal: boolean): Problem[] {
  if (value === 'false' || value === issuer || (value === 'true' && isLocal)) return [];
  const field = 'CONFORMANCE_PROFILE';
  return [isLocal ? { field, reason: 'must_be_boolean' } : { field, reason: 'must_be_off_or_issuer', issuer }];
}

function databaseUrlProblems(url: string | undefined): Problem[] {
  if (url === undefined) return [];
  try {
    parseDatabaseUrl(url);
    return [];
  } catch (error) {
    if (!(error instanceof DatabaseUrlInvalid)) throw error;
    return [{ field: 'DATABASE_URL', reason: error.reason satisfies Reason, ...error.values }];
  }
}

export const processEnvironment: NodeJS.ProcessEnv = process.env;

/** @throws InvalidSettings with every setting that cannot be used, and why */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const problems: Problem[] = [];
  const checked = checkValue(schema, readSettings(environment, problems), 'settings');
  if (checked.problems) throw new InvalidSettings([...problems, ...checked.problems]);
  const values = checked.value;
  const { hostname, protocol, port } = new URL(values.ISSUER);
  const isLocal = isLocalHost(hostname);
  if (protocol === 'http:' && !isLocal) problems.push({ field: 'ISSUER', reason: 'must_be_https_unless_local' });
  const secrets = listOf(values.SECRET ?? '');
  const { PGSSLMODE: sslmode, PGSSLROOTCERT: sslrootcert } = values;
  const databaseUrl = values.DATABASE_URL && addTlsDefaults(values.DATABASE_URL, { sslmode, sslrootcert });
  problems.push(...databaseUrlProblems(databaseUrl));
  problems.push(...secretProblems(secrets, isLocal));
  problems.push(...conformanceProblems(values.CONFORMANCE_PROFILE, values.ISSUER, isLocal));
  if (problems.length > 0) throw new InvalidSettings(problems);

  const runtime = values.XDG_RUNTIME_DIR;
  return Object.freeze({
    issuer: values.ISSUER,
    isLocal,
    isIssuerSet: environment['ISSUER']?.trim() !== undefined && environment['ISSUER'].trim() !== '',
    // All addresses: those of IPv4 alone where the kernel has no IPv6.
    hosts: values.HOST ? [values.HOST] : isLocal ? ['127.0.0.1'] : ['::', '0.0.0.0'],
    port: values.PORT ?? (Number(port) || (protocol === 'https:' ? 443 : 80)),
    databaseUrl,
    databasePool: values.DATABASE_POOL,
    dataFolder: resolve(values.DATA_DIR),
    runtimeFolder: runtime && existsSync(runtime) ? runtime : tmpdir(),
    secrets,
    trustedProxies: values.TRUSTED_PROXIES,
    outgoingAllowedHosts: listOf(values.OUTGOING_ALLOWED_HOSTS ?? ''),
    dnsServers: values.DNS_SERVERS,
    rateLimitFactor: values.RATE_LIMIT_FACTOR,
    protocol: Object.freeze({
      hasClientRegistration: values.CLIENT_REGISTRATION === 'token',
      isConformance: values.CONFORMANCE_PROFILE !== 'false',
    }),
    shutdownDelaySeconds: values.SHUTDOWN_DELAY,
    webConcurrency: values.WEB_CONCURRENCY,
    logLevel: values.LOG_LEVEL,
  });
}
