/** The report of a bench: a table of figures, and whether its promise holds. */

export interface Report {
  title: string;
  columns: string[];
  rows: (string | number)[][];
  /** A line for each figure that breaks the promise; empty when it holds. */
  broken: string[];
  /** What `--publish` writes. */
  publication?: Publication;
}

export interface Publication {
  /** Of its section in RESULTS.md. */
  heading: string;
  text: string;
  /** Writes what belongs elsewhere. */
  also?: () => void;
}

const text = (cell: string | number): string => (typeof cell === 'number' ? cell.toLocaleString('en') : cell);

export function format({ title, columns, rows, broken }: Report): string {
  const cells = [columns, ...rows.map((row) => row.map(text))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: string[]) =>
    widths
      .map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('  ');
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const verdict = broken.length === 0 ? 'The promise holds.' : `The promise does not hold: ${broken.join('; ')}`;
  return [title, '', line(cells[0]!), rule, ...cells.slice(1).map(line), '', verdict].join('\n');
}

/** @param share from 0 to 1: 0.99 for the 99th percentile @returns NaN without values */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
