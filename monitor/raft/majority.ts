/** What a majority of voters has: the heart of commitment, of read rounds, and of leadership. */

/**
 * The highest value that a majority reached; `reached[i]` is voter `i`'s: its durable log index (paper, section 5.3), or
 * the latest round it acknowledged. 0 without voters: nothing is agreed on where nobody can agree.
 */
export function majorityReached(reached: readonly number[]): number {
  const needed = majorityOf(reached.length);
  let highest = 0;
  // Asked in every step, of a handful of voters: without a copy to sort.
  for (const value of reached) if (value > highest && countFrom(reached, value) >= needed) highest = value;
  return highest;
}

function countFrom(reached: readonly number[], value: number): number {
  let count = 0;
  for (const other of reached) if (other >= value) count += 1;
  return count;
}

/** How many of `voters` are a majority: more than half. 1 of 0, which nobody can fulfil. */
export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
