/** The environment: every setting, its default, what it is for. Nothing else reads environment variables. */
import { existsSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { LogLevel } from './platform/log.ts';
import { settings } from './settings.ts';

export interface Config {
  /** `scheme://host[:port]`; the name under which everybody knows this deployment. */
  readonly issuer: string;
  /** The issuer is on this very machine: made for trying out, so http and kept secrets are fine. */
  readonly isLocal: boolean;
  readonly host: string;
  readonly port: number;
  /** Absent: the embedded database in the data folder. */
  readonly databaseUrl: string | undefined;
  readonly databasePool: number;
  readonly dataFolder: string;
  /** Folder in which sockets are made. */
  readonly runtimeFolder: string;
  /** Root secrets, newest first. Empty on a local issuer that has none set: then one is made and kept. */
  readonly secrets: readonly string[];
  readonly trustedProxies: number;
  /** Hosts that calls to apps may reach although they are private, on http or on another port. */
  readonly outgoingAllowedHosts: readonly string[];
  readonly rateLimitFactor: number;
  readonly protocol: {
    /** Apps may register themselves (RFC 7591), each with a registration token. */
    readonly hasClientRegistration: boolean;
    /** What the OpenID Foundation's suite asks of a provider beside what is safe (oidc/conformance-profile.ts). */
    readonly isConformance: boolean;
  };
  readonly logLevel: LogLevel;
}

/** What is wrong with the settings; all of it at once. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`settings:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Marks secrets that were made for trying out; a public issuer refuses them. */
export const localSecretPrefix = 'fd_local_';

const minSecretCharacters = 32;
const wholeNumber = (from: number, to: number) =>
  z.coerce.number().int().min(from, `it must be a whole number from ${from} to ${to}`).max(to, `at most ${to}`);

const schema = z.object({
  ISSUER: z.string().default('http://idp.localhost:4000').refine(isIssuer, {
    message: 'it must be like https://login.example.com: http or https, no path, no slash at the end',
  }),
  PORT: wholeNumber(1, 65_535).optional(),
  HOST: z.string().optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'it must start with postgres://')
    .optional(),
  DATABASE_POOL: wholeNumber(1, 500).default(10),
  DATA_DIR: z.string().default('./data'),
  SECRET: z.string().optional(),
  TRUSTED_PROXIES: wholeNumber(0, 10).default(0),
  OUTGOING_ALLOWED_HOSTS: z
    .string()
    .regex(/^(\*\.)?[A-Za-z0-9.:[\]-]+([,\s]+(\*\.)?[A-Za-z0-9.:[\]-]+)*$/, 'it must be a list of hosts')
    .optional(),
  RATE_LIMIT_FACTOR: z.coerce.number().positive('it must be a number above 0').default(1),
  CLIENT_REGISTRATION: z.enum(['off', 'token'], 'it must be off or token').default('off'),
  CONFORMANCE_PROFILE: z.string().default('false'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  XDG_RUNTIME_DIR: z.string().optional(),
});

function isIssuer(value: string): boolean {
  const parsed = URL.parse(value);
  return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.origin === value;
}

/** Names and addresses that lead to this machine and nowhere else (RFC 6761 §6.3). */
export function isLocalHost(hostname: string): boolean {
  if (isIPv4(hostname)) return hostname.startsWith('127.');
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]';
}

/** Settings that are empty count as not set; `<name>_FILE` names a file that holds the secret. */
function readSettings(environment: NodeJS.ProcessEnv, problems: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of [...settings.map((setting) => setting.name), 'XDG_RUNTIME_DIR']) {
    const value = environment[name]?.trim();
    if (value) values[name] = value;
  }
  for (const { name } of settings.filter((setting) => setting.isSecret)) {
    const path = environment[`${name}_FILE`];
    if (!path) continue;
    if (values[name]) problems.push(`${name} and ${name}_FILE are both set: keep one`);
    try {
      values[name] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      problems.push(`${name}_FILE: cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  return values;
}

function secretProblems(secrets: readonly string[], isLocal: boolean): string[] {
  const makeOne = 'make one with: npx --no-install frontdesk secret';
  if (secrets.length === 0) return isLocal ? [] : [`SECRET is not set: ${makeOne}`];
  if (secrets.some((secret) => secret.length < minSecretCharacters)) {
    return [`SECRET has fewer than ${minSecretCharacters} characters: ${makeOne}`];
  }
  const isForTrying = secrets.some((secret) => secret.startsWith(localSecretPrefix));
  return isForTrying && !isLocal ? [`SECRET was made for trying out on one machine: ${makeOne}`] : [];
}

/** What is less safe is not switched on by accident where others can reach it. */
function conformanceProblems(value: string, issuer: string, isLocal: boolean): string[] {
  if (value === 'false' || value === issuer || (value === 'true' && isLocal)) return [];
  const words = isLocal ? 'true or false' : `false, or the issuer (${issuer}): it makes this deployment less safe`;
  return [`CONFORMANCE_PROFILE: it must be ${words}`];
}

export const processEnvironment: NodeJS.ProcessEnv = process.env;

/** @throws ConfigProblems naming every setting that is wrong and how to mend it */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const problems: string[] = [];
  const parsed = schema.safeParse(readSettings(environment, problems));
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
    throw new ConfigProblems(problems);
  }
  const values = parsed.data;
  const { hostname, protocol, port } = new URL(values.ISSUER);
  const isLocal = isLocalHost(hostname);
  if (protocol === 'http:' && !isLocal) {
    problems.push('ISSUER: it must be https, unless it is on this machine (localhost)');
  }
  const secrets = values.SECRET?.split(/[,\s]+/).filter(Boolean) ?? [];
  problems.push(...secretProblems(secrets, isLocal));
  problems.push(...conformanceProblems(values.CONFORMANCE_PROFILE, values.ISSUER, isLocal));
  if (problems.length > 0) throw new ConfigProblems(problems);

  const runtime = values.XDG_RUNTIME_DIR;
  return Object.freeze({
    issuer: values.ISSUER,
    isLocal,
    host: values.HOST ?? (isLocal ? '127.0.0.1' : '::'),
    port: values.PORT ?? (Number(port) || (protocol === 'https:' ? 443 : 80)),
    databaseUrl: values.DATABASE_URL,
    databasePool: values.DATABASE_POOL,
    dataFolder: resolve(values.DATA_DIR),
    runtimeFolder: runtime && existsSync(runtime) ? runtime : tmpdir(),
    secrets,
    trustedProxies: values.TRUSTED_PROXIES,
    outgoingAllowedHosts: values.OUTGOING_ALLOWED_HOSTS?.split(/[,\s]+/).filter(Boolean) ?? [],
    rateLimitFactor: values.RATE_LIMIT_FACTOR,
    protocol: Object.freeze({
      hasClientRegistration: values.CLIENT_REGISTRATION === 'token',
      isConformance: values.CONFORMANCE_PROFILE !== 'false',
    }),
    logLevel: values.LOG_LEVEL,
  });
}
