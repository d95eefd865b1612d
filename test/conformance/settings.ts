/** The environment of the tool; `npm run conformance -- --help` prints it. */
import { isLocalHost } from '../../src/config.ts';

export interface Settings {
  /** The suite, without a slash at the end. */
  server: string;
  /** File with the certificate authority of the suite. */
  authority: string | undefined;
  token: string | undefined;
  /** Of the provider that is brought up. */
  issuer: string;
  /** Of an account that exists at the deployment under test; otherwise one is made. */
  login: string | undefined;
  password: string | undefined;
  /** With which clients are registered where the program cannot reach the deployment's database. */
  registrationToken: string | undefined;
}

export const settingsHelp: readonly (readonly [name: string, about: string])[] = [
  ['CONFORMANCE_SERVER', 'The suite: https://localhost.emobix.co.uk:8443 when not set.'],
  ['CONFORMANCE_CA', 'File with the certificate authority of the suite, for this tool and for the provider.'],
  ['CONFORMANCE_TOKEN', 'API token, for a suite that asks for one.'],
  ['CONFORMANCE_ISSUER', 'The provider to bring up, as the suite reaches it: https://localhost:9443 when not set.'],
  ['CONFORMANCE_LOGIN', 'With --target: an account with every claim, by its address; one is made when not set.'],
  ['CONFORMANCE_PASSWORD', 'Its password.'],
  ['CONFORMANCE_REGISTRATION_TOKEN', 'With --target: registers the clients, where no frontdesk program can.'],
];

/** A setting that is wrong, or missing. */
export class SettingInvalid extends Error {
  override readonly name = 'SettingInvalid';
}

export function httpsOrigin(value: string, name: string): string {
  const parsed = URL.parse(value);
  if (parsed?.protocol === 'https:' && parsed.origin === value.replace(/\/$/, '')) return parsed.origin;
  throw new SettingInvalid(`${name} must be like https://name:port, with no path: the suite asks for https`);
}

/** @throws SettingInvalid */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const read = (name: string) => environment[name]?.trim() || undefined;
  const server = read('CONFORMANCE_SERVER') ?? 'https://localhost.emobix.co.uk:8443';
  const settings = {
    server: httpsOrigin(server, 'CONFORMANCE_SERVER'),
    authority: read('CONFORMANCE_CA'),
    token: read('CONFORMANCE_TOKEN'),
    issuer: httpsOrigin(read('CONFORMANCE_ISSUER') ?? 'https://localhost:9443', 'CONFORMANCE_ISSUER'),
    login: read('CONFORMANCE_LOGIN'),
    password: read('CONFORMANCE_PASSWORD'),
    registrationToken: read('CONFORMANCE_REGISTRATION_TOKEN'),
  };
  if ((settings.login === undefined) !== (settings.password === undefined)) {
    throw new SettingInvalid('CONFORMANCE_LOGIN and CONFORMANCE_PASSWORD go together: set both, or none');
  }
  return settings;
}

/** Where the TLS front listens: a name of this machine only here, any other on all interfaces (for containers). */
export const listenAddress = (issuer: string): string => (isLocalHost(new URL(issuer).hostname) ? '127.0.0.1' : '::');
