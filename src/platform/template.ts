/** Fills in values in configuration files and programs, quoted as their language requires. */

/** A quoted, safe way to write a value, by its name in a template. */
const writers: Readonly<Record<string, (value: string) => string>> = {
  /** A string of JSON, which JavaScript, Python, Go and YAML read as well. */
  json: (value) => JSON.stringify(value),
  /** A word of a POSIX shell. */
  shell: (value) => `'${value.replaceAll("'", `'\\''`)}'`,
  /** An argument of a directive of Apache. */
  apache: (value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`,
  /** A value without quotes. @throws Error for a value with a character that may need quotes */
  plain(value) {
    if (!/^[\w.~:/[\]-]*$/.test(value)) throw new Error(`not plain: ${value}`);
    return value;
  },
};

/**
 * Replaces `{{writer name}}` by the value of that name, quoted by that writer. A line that begins with `{{?name}}` is
 * left out when that value is undefined.
 *
 * @throws Error for a writer or a value that does not exist
 */
export function fillIn(template: string, values: Readonly<Record<string, string | undefined>>): string {
  const lines = template.split('\n').flatMap((line) => {
    const [prefix, name] = /^\{\{\?(\w+)\}\}/.exec(line) ?? [];
    if (prefix === undefined || name === undefined) return [line];
    return values[name] === undefined ? [] : [line.slice(prefix.length)];
  });
  return lines.join('\n').replaceAll(/\{\{(\w+) (\w+)\}\}/g, (_all, writer: string, name: string) => {
    const write = writers[writer];
    const value = values[name];
    if (!write || value === undefined) throw new Error(`the template has no ${writer} or no ${name}`);
    return write(value);
  });
}
