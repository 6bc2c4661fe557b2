import { CairnError } from './errors.js';

/** In ms, largest last. */
const units: readonly (readonly [string, number])[] = [
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
];

export const durationForm = 'a duration such as 250ms, 5s, 10m, 2h or 1d';

/** Milliseconds of `5s`, `250ms`, `1.5h`: a whole number. A unit is required. Throws `PARSE_ERROR`. */
export function parseDuration(text: string): number {
  const [, digits = '', unit = ''] = /^([0-9]{1,15}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const unitMs = units.find(([name]) => name === unit)?.[1];
  if (unitMs === undefined) throw new CairnError('PARSE_ERROR', `"${text}" is no duration; write ${durationForm}`);
  // Fractions are scaled in whole numbers: 0.001 * 1000 must not miss 1.
  const [whole = '', fraction = ''] = digits.split('.');
  const scaled = Number(fraction) * unitMs;
  const ms = Number(whole) * unitMs + scaled / 10 ** fraction.length;
  if (Number.isSafeInteger(ms)) return ms;
  throw new CairnError('PARSE_ERROR', `"${text}" is not a whole number of milliseconds; write ${durationForm}`);
}

/** The shortest text that `parseDuration` reads as so many ms: `90s`, `2m`. */
export function showDuration(ms: number): string {
  const fitting = units.findLast(([, unitMs]) => ms !== 0 && ms % unitMs === 0);
  return fitting === undefined ? `${ms}ms` : `${ms / fitting[1]}${fitting[0]}`;
}
