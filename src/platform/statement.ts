/** SQL statements with a constant text and a name. Values are passed as parameters. */
import { createHash } from 'node:crypto';

export interface Statement {
  /** PostgreSQL parses a named statement once per connection. */
  readonly name: string;
  readonly text: string;
}

export interface Rows<Row> {
  rows: Row[];
  /** Number of rows that were found or changed. */
  count: number;
}

/** Creates a statement from a text with the parameters $1, $2… @throws TypeError when the template contains a value */
export function sql(strings: TemplateStringsArray, ...values: never[]): Statement {
  if (values.length > 0) throw new TypeError('a statement has a constant text: pass values as parameters');
  const text = strings[0]!.replace(/\s+/g, ' ').trim();
  return { name: createHash('sha1').update(text).digest('base64url'), text };
}
