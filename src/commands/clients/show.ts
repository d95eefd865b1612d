/** `frontdesk clients show ID`: shows the registration of a client, without the values of its secrets. */
import { findClient, type StoredClient } from '../../clients/client-repository.ts';
import { renderSnippet } from '../../clients/client-snippet.ts';
import { isForDevelopment } from '../../clients/client-uri.ts';
import { Refusal } from '../../errors.ts';
import { idTokenHasClaimsByDefault } from '../../oidc/adapter/client-adapter.ts';
import { fields, type Command } from '../command.ts';
import { withBase } from '../with-base.ts';
import { toShownSecret } from './secrets.ts';
import { parseSnippet, printSnippetWarnings, snippetOption } from './snippet-option.ts';

function toShown(client: StoredClient): Record<string, unknown> {
  const { id, kind, isFirstParty, isSelfRegistered, metadata, apis, secrets, sendsPkce } = client;
  return {
    client_id: id,
    kind,
    first_party: isFirstParty,
    self_registered: isSelfRegistered,
    for_development: isForDevelopment(kind, metadata),
    sends_pkce: sendsPkce ?? null,
    secrets: secrets.map(toShownSecret),
    apis,
    // This is the default, which `metadata` overrides when an operator has set it.
    id_token_claims: idTokenHasClaimsByDefault(client),
    ...metadata,
  };
}

function textOf(name: string, value: unknown): string {
  if (name === 'sends_pkce' && value === null) return 'not signed in yet';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export const showClient: Command = {
  name: 'clients show',
  about: 'Show one app: what is registered, whether it sends PKCE, its secrets, and the APIs that it may use.',
  operands: ['ID'],
  options: { for: snippetOption, json: { about: 'Print JSON.' } },
  async run({ operands: [id = ''], options, io }) {
    const name = parseSnippet(options['for']);
    await withBase(io, async ({ db, config }) => {
      const client = await findClient(db, id);
      if (!client) throw new Refusal('client_unknown', { id });
      const snippet = name && renderSnippet(name, config.issuer, client);
      const shown = toShown(client);
      if (options['json']) return io.out(JSON.stringify({ ...shown, snippet }, undefined, 2));
      io.out(fields(Object.entries(shown).map(([field, value]) => [field, textOf(field, value)])));
      if (name === undefined) return;
      io.out(`\n${snippet}`);
      printSnippetWarnings(io, name, client);
    });
  },
};
