/** Finds the name that is nearest to a mistyped one. */

/** Number of characters to insert, remove, replace or swap with the next one (Damerau-Levenshtein distance). */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        rows[row - 1]![column]! + 1,
        current[column - 1]! + 1,
        rows[row - 1]![column - 1]! + (isSame ? 0 : 1),
        isSwap && row > 1 && column > 1 ? rows[row - 2]![column - 2]! + 1 : Infinity,
      );
    }
    rows.push(current);
  }
  return rows.at(-1)!.at(-1)!;
}

/** @returns undefined when no name is near: at most a third of the typed characters, and at least one, may differ */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, distance: distance(typed, name) }))
    .filter((candidate) => candidate.distance <= Math.max(1, Math.floor(typed.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return near[0]?.name;
}
