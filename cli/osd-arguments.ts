/** OSDs and PGs as operators write them. Errors: `INVALID_ARGUMENT` with an example. */
import { CairnError } from '../base/errors.js';
import { type OsdId, type PgId, osdId, osdIdMax, poolId } from '../cluster/ids.js';
import type { OsdSelection } from '../protocol/commands/fields.js';

/** `3` or `osd.3`. */
export function parseOsd(text: string): OsdId {
  const digits = /^(?:osd\.)?([0-9]{1,8})$/.exec(text)?.[1];
  const value = Number(digits);
  if (digits !== undefined && value <= osdIdMax) return osdId(value);
  throw new CairnError('INVALID_ARGUMENT', `"${text.slice(0, 40)}" is no OSD; write osd.3 or 3`);
}

/** One or several, or `all` (`any` and `*` too, as Ceph takes them) alone. */
export function parseOsds(words: readonly string[]): OsdSelection {
  const everything = words.filter((word) => ['all', 'any', '*'].includes(word));
  if (everything.length === 0) return words.map(parseOsd);
  if (words.length === 1) return 'all';
  throw new CairnError('INVALID_ARGUMENT', `"${everything[0]}" stands alone; leave the other OSDs out`);
}

/** `1.2f`: the pool, and the PG in hex. */
export function parsePg(text: string): PgId {
  const [, pool = '', pg = ''] = /^([0-9]{1,10})\.([0-9a-f]{1,4})$/.exec(text) ?? [];
  const number = Number(pool);
  if (number >= 1 && number < 2 ** 31) return { pool: poolId(number), pg: Number.parseInt(pg, 16) };
  throw new CairnError(
    'INVALID_ARGUMENT',
    `"${text.slice(0, 40)}" is no PG; write POOL.PG with the PG in hex, as 1.2f`,
  );
}

/** A decimal weight as 16.16, rounded to the nearest. */
export function parseWeight(text: string, max: number): number {
  const value = Number(text);
  if (/^[0-9]*\.?[0-9]+$/.test(text) && text.length <= 32 && value <= max) return Math.round(value * 0x10000);
  throw new CairnError('INVALID_ARGUMENT', `"${text.slice(0, 40)}" is no weight; write a number from 0 to ${max}`);
}
