/** The report of a bench: a table of figures, and whether they keep the promise that test/README.md states for it. */

export interface Report {
  title: string;
  columns: string[];
  rows: (string | number)[][];
  /** A line for each figure that breaks the promise; empty when it holds. */
  broken: string[];
  /** The section of RESULTS.md that `--publish` writes. */
  publication?: Publication;
}

export interface Publication {
  /** Heading of the section. */
  heading: string;
  text: string;
  /** Writes the figures into other files too. */
  writeOtherFiles?: () => void;
}

const formatCell = (cell: string | number): string => (typeof cell === 'number' ? cell.toLocaleString('en') : cell);

/** The report as text for the terminal. */
export function formatReport({ title, columns, rows, broken }: Report): string {
  const cells = [columns, ...rows.map((row) => row.map(formatCell))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: string[]) =>
    widths
      .map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('  ');
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const verdict = broken.length === 0 ? 'The promise holds.' : `The promise does not hold: ${broken.join('; ')}`;
  return [title, '', line(cells[0]!), rule, ...cells.slice(1).map(line), '', verdict].join('\n');
}

/** The nearest-rank percentile. @param share from 0 to 1: 0.99 for the 99th @returns NaN without values */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
