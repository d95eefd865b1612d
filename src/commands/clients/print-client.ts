/** Registers and prints clients: what `clients register` and `clients update` share. */
import type { Base } from '../../base.ts';
import { renderSnippet, type SnippetName } from '../../clients/client-snippet.ts';
import { isForDevelopment } from '../../clients/client-uri.ts';
import type { Client } from '../../clients/client.ts';
import type { RegistrationContext } from '../../clients/register-client.ts';
import { createClientValidator } from '../../oidc/configuration/client-validator.ts';
import { fields, type Io } from '../command.ts';
import { printSnippetWarnings } from './snippet-option.ts';

export type ShownClient = Omit<Client, 'createdAt' | 'sendsPkce'>;

export const registrationContext = ({ db, keyring, log, config, outgoing }: Base): RegistrationContext => ({
  db,
  keyring,
  validate: createClientValidator({ db, keyring, log, outgoing, ...config }),
  issuer: config.issuer,
  by: 'command-line',
});

/** Warns of URIs of the app that this server will not call, and names the setting that allows it. */
async function printOutgoingWarnings(io: Io, { outgoing }: Base, { metadata }: ShownClient): Promise<void> {
  const called = { backchannel_logout_uri: 'Sign-out notices to', jwks_uri: 'Keys at' } as const;
  for (const [name, what] of Object.entries(called)) {
    const uri = metadata[name];
    const host = typeof uri === 'string' ? await outgoing.toAllowedHosts.refusedHost(uri) : undefined;
    if (host === undefined) continue;
    const verb = name === 'jwks_uri' ? 'fetched' : 'delivered';
    const { origin } = new URL(uri as string);
    io.error(`${what} ${origin} will not be ${verb}: add ${host} to OUTGOING_ALLOWED_HOSTS`);
  }
}

/** Names and values of the settings that a developer configures the app with. */
function appSettings(issuer: string, { id, metadata }: ShownClient, secret: string | undefined): [string, string][] {
  return [
    ['issuer', issuer],
    ['discovery', `${issuer}/.well-known/openid-configuration`],
    ['client_id', id],
    ...(secret === undefined ? [] : ([['client_secret', secret]] as [string, string][])),
    ...(metadata.redirect_uris ?? []).map((uri): [string, string] => ['redirect_uri', uri]),
  ];
}

/** Prints a client for the developer of the app. @param secret a new client secret; undefined when there is none */
export async function printClient(
  io: Io,
  base: Base,
  client: ShownClient,
  { secret, snippet, isJson }: { secret: string | undefined; snippet?: SnippetName | undefined; isJson: boolean },
): Promise<void> {
  const { issuer } = base.config;
  const { id, kind, metadata } = client;
  const isDevelopment = isForDevelopment(kind, metadata);
  const text = snippet && renderSnippet(snippet, issuer, client, secret);
  if (isJson) {
    const discovery = `${issuer}/.well-known/openid-configuration`;
    const credentials = { client_id: id, client_secret: secret, issuer, discovery };
    io.out(
      JSON.stringify({
        ...credentials,
        redirect_uris: metadata.redirect_uris ?? [],
        for_development: isDevelopment,
        snippet: text,
      }),
    );
  } else {
    io.out(fields(appSettings(issuer, client, secret)));
    if (secret !== undefined) io.out('\nThe secret is not shown again.');
    if (isDevelopment) io.out("\nThe app is for development: a redirect URI leads to the developer's own machine.");
    if (text !== undefined) io.out(`\n${text}`);
  }
  if (snippet) printSnippetWarnings(io, snippet, client);
  await printOutgoingWarnings(io, base, client);
}
