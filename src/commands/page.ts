/** Lists of commands, in pages: `--limit` and `--after`. */
import { stringOption, UsageError, type Io, type Option, type Options } from './command.ts';

const defaultLimit = 200;
const maxLimit = 1_000;

/** @param placeholder of the value of `--after` in the help */
export const pageOptions = (placeholder: string): Record<string, Option> => ({
  limit: { value: 'NUMBER', about: `Maximum number of entries: ${defaultLimit} by default, ${maxLimit} at most.` },
  after: { value: placeholder, about: 'List only the entries behind this one.' },
});

export interface Page {
  limit: number;
  after: string | undefined;
}

/** @throws UsageError */
export function pageOf(options: Options): Page {
  const limit = Number(stringOption(options['limit']) ?? defaultLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new UsageError(`--limit must be a whole number from 1 to ${maxLimit}.`);
  }
  return { limit, after: stringOption(options['after']) };
}

/** Prints the option for the next page, when this one is full. With `=`, because an id may begin with a dash. */
export function printNext(io: Io, { limit }: Page, ids: string[]): void {
  if (ids.length === limit) io.error(`There may be more: --after=${ids.at(-1)!}`);
}
