/** Rows of a join of several tables. */

/**
 * Splits the columns of a joined row by table.
 *
 * @param row its columns are named `table.column`
 * @returns table → its columns
 */
export function splitByTable(row: object): Record<string, Record<string, unknown>> {
  const tables: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(row)) {
    const dot = name.indexOf('.');
    (tables[name.slice(0, dot)] ??= {})[name.slice(dot + 1)] = value;
  }
  return tables;
}
