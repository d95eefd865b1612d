/** SQL statements: constant text, named, with values passed beside it. */
import { createHash } from 'node:crypto';

/** A statement of constant text. Named, so that the server parses it once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export interface Rows<Row> {
  rows: Row[];
  /** How many rows were found or changed. */
  count: number;
}

/** A statement from its constant text. Values never go into the text; they are passed beside it as $1, $2… */
export function sql(strings: TemplateStringsArray, ...values: never[]): Statement {
  if (values.length > 0) throw new TypeError('a statement has constant text: pass values beside it');
  const text = strings[0]!.replace(/\s+/g, ' ').trim();
  return { name: createHash('sha1').update(text).digest('base64url'), text };
}
