import { CairnError } from './errors.js';

/** Powers of 1024, smallest first. */
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

export const bytesForm = 'a size such as 4096B, 64MiB or 4GiB';

/** Bytes of `64MiB`, `1.5GiB`, `4096` or `4096B`: a safe integer. Throws `PARSE_ERROR`. */
export function parseBytes(text: string): number {
  const [, digits = '', unit = 'B'] = /^([0-9]{1,16}(?:\.[0-9]{1,9})?)([A-Za-z]*)$/.exec(text) ?? [];
  const power = units.findIndex((name) => name === (unit === '' ? 'B' : unit));
  if (digits === '' || power === -1) {
    // MB may mean 10^6 or 2^20; a store that guesses is off by 5 %, and by 10 % for TB.
    const hint = /^[0-9.]+ ?[KMGTP]i?B?$/i.test(text)
      ? '; units are powers of 1024 and written in full, as in MiB'
      : '';
    throw new CairnError('PARSE_ERROR', `"${text}" is no size; write ${bytesForm}${hint}`);
  }
  const bytes = Number(digits) * 1024 ** power;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new CairnError('PARSE_ERROR', `"${text}" is not a whole number of bytes below 8PiB; write ${bytesForm}`);
}

/** The text with the largest unit that `parseBytes` reads as exactly so many bytes: `64MiB`, `1000B`. */
export function showBytes(bytes: number): string {
  let value = bytes;
  let power = 0;
  while (value !== 0 && value % 1024 === 0 && power < units.length - 1) {
    value /= 1024;
    power += 1;
  }
  return `${value}${units[power]}`;
}
