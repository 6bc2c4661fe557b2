/** Sets of features are the bits of a safe integer: 53, of which JavaScript's operators on bits see only 32 at a time. */

const half = 2 ** 32;

/** Whether every bit of `required` is also in `supported`. */
export function hasFeatures(supported: number, required: number): boolean {
  return (required & ~supported) >>> 0 === 0 && (high(required) & ~high(supported)) === 0;
}

/** The bits of `required` that `supported` lacks. */
export function missingFeatures(supported: number, required: number): number {
  return ((required & ~supported) >>> 0) + (high(required) & ~high(supported)) * half;
}

/** At most 21 bits. */
function high(features: number): number {
  return Math.floor(features / half);
}
