/** What somebody probably meant who wrote a name that does not exist. */

/** Longer names are not compared: the work grows with the square. */
const lengthMax = 64;

/**
 * Of `names` the one with the fewest letters inserted, left out, replaced or swapped with their neighbour (Damerau,
 * "A technique for computer detection and correction of spelling errors"), if that is at most a third of the word; of
 * equals the first. `undefined` when none is near.
 */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  if (word.length > lengthMax) return undefined;
  let best: string | undefined;
  let least = Math.floor(word.length / 3) + 1;
  for (const name of names) {
    if (Math.abs(name.length - word.length) >= least || name.length > lengthMax) continue;
    const found = distance(word, name);
    if (found >= least) continue;
    least = found;
    best = name;
  }
  return best;
}

function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(replaced, at(i - 1, j) + 1, at(i, j - 1) + 1, isSwap ? at(i - 2, j - 2) + 1 : Infinity));
    }
  }
  return at(a.length, b.length);
}
