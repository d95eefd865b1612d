/** The option `--for`: the settings of a well-known program, with the values of one client. */
import { programOf, snippetNames, snippetProblems, type SnippetName } from '../../clients/client-snippet.ts';
import type { Client } from '../../clients/client.ts';
import { stringOption, UsageError, type Io, type Option, type Options } from '../command.ts';

export const snippetOption: Option = {
  value: 'PROGRAM',
  about: `Print the settings for ${snippetNames.join(', ')}.`,
};

/** @throws UsageError for a name that is not known */
export function parseSnippet(value: Options[string]): SnippetName | undefined {
  const text = stringOption(value);
  if (text === undefined) return undefined;
  const name = snippetNames.find((each) => each === text);
  if (!name) throw new UsageError(`--for must be one of: ${snippetNames.join(', ')}.`);
  return name;
}

/** Warns when the client does not fit the program. */
export function printSnippetWarnings(
  io: Io,
  name: SnippetName,
  client: Pick<Client, 'id' | 'kind' | 'metadata' | 'apis'>,
): void {
  const { title, kinds, redirectUri } = programOf(name);
  for (const problem of snippetProblems(name, client)) {
    if (problem === 'kind')
      io.error(`${title} is a client of kind ${kinds.join(' or ')}; ${client.id} is ${client.kind}.`);
    else
      io.error(`${title} needs a redirect URI like ${redirectUri}, and no redirect URI of ${client.id} matches that.`);
  }
}
