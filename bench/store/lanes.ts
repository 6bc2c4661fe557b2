/** So many calls of `one` at any time, each followed by the next, until `one` returns false. */
export async function lanes(inFlight: number, one: () => Promise<boolean>): Promise<void> {
  const lane = async (): Promise<void> => {
    while (await one());
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** `i` of an order that looks random: each of `count` once, `count` being no multiple of the step. */
export function shuffled(i: number, count: number): number {
  return (i * shuffleStep) % count;
}

/** A prime larger than any count that is used, so that neighbours lie far apart. */
const shuffleStep = 15_485_863;
