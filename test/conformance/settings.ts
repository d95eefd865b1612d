/** The environment variables of `npm run conformance`, which `--help` prints. */
import { isLocalHost } from '../../src/config.ts';

export interface Settings {
  /** Origin of the suite. */
  server: string;
  /** Path of a PEM file with the certificate of the suite's certificate authority. */
  caFile: string | undefined;
  /** API token, for a suite that asks for one. */
  token: string | undefined;
  /** Issuer of the provider that is started for the run. */
  issuer: string;
  /** E-mail address of an account at the deployment under test; undefined: an account is created. */
  login: string | undefined;
  /** Password of that account. */
  password: string | undefined;
  /** Initial access token (RFC 7591), to register clients when `frontdesk` cannot reach the deployment's database. */
  registrationToken: string | undefined;
}

export const settingsHelp: readonly (readonly [name: string, about: string])[] = [
  ['CONFORMANCE_SERVER', 'The suite: https://localhost.emobix.co.uk:8443 when not set.'],
  ['CONFORMANCE_CA', 'File with the certificate authority of the suite, for this tool and for the provider.'],
  ['CONFORMANCE_TOKEN', 'API token, for a suite that asks for one.'],
  [
    'CONFORMANCE_ISSUER',
    'Issuer of the provider to start, as the suite reaches it: https://localhost:9443 when not set.',
  ],
  ['CONFORMANCE_LOGIN', 'With --target: e-mail address of an account with every claim; one is created when not set.'],
  ['CONFORMANCE_PASSWORD', 'Its password.'],
  [
    'CONFORMANCE_REGISTRATION_TOKEN',
    'With --target: registers the clients, when the frontdesk program cannot reach the database.',
  ],
];

/** A setting is invalid or missing; the tool exits with 2. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** @param name of the setting, for the error @throws SettingsError when the value is no origin with https */
export function httpsOrigin(value: string, name: string): string {
  const parsed = URL.parse(value);
  if (parsed?.protocol === 'https:' && parsed.origin === value.replace(/\/$/, '')) return parsed.origin;
  throw new SettingsError(`${name} must be like https://name:port, with no path: the suite needs https`);
}

/** @throws SettingsError */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const read = (name: string) => environment[name]?.trim() || undefined;
  const server = read('CONFORMANCE_SERVER') ?? 'https://localhost.emobix.co.uk:8443';
  const settings = {
    server: httpsOrigin(server, 'CONFORMANCE_SERVER'),
    caFile: read('CONFORMANCE_CA'),
    token: read('CONFORMANCE_TOKEN'),
    issuer: httpsOrigin(read('CONFORMANCE_ISSUER') ?? 'https://localhost:9443', 'CONFORMANCE_ISSUER'),
    login: read('CONFORMANCE_LOGIN'),
    password: read('CONFORMANCE_PASSWORD'),
    registrationToken: read('CONFORMANCE_REGISTRATION_TOKEN'),
  };
  if ((settings.login === undefined) !== (settings.password === undefined)) {
    throw new SettingsError('set both CONFORMANCE_LOGIN and CONFORMANCE_PASSWORD, or neither');
  }
  return settings;
}

/** Address on which the TLS proxy listens: loopback for an issuer on this machine, otherwise all (for containers). */
export const listenAddress = (issuer: string): string => (isLocalHost(new URL(issuer).hostname) ? '127.0.0.1' : '::');
