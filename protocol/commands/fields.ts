/** Schemas that many commands share. Every string and list has a bound: what is longer is refused before it is looked at. */
import * as z from 'zod/mini';
import { type OsdId, type PgId, type PoolId, osdId, osdIdMax, poolId } from '../../cluster/ids.js';

/** More OSDs than anybody names one by one; `all` has no bound. */
export const osdsNamedMax = 1024;
/** Names of buckets, rules and classes: as in CRUSH's text format. */
export const crushNameLengthMax = 255;

export const osdIdField = z.pipe(
  z.int().check(z.gte(0), z.lte(osdIdMax)),
  z.transform((value): OsdId => osdId(value)),
);

export const poolIdField = z.pipe(
  z.int().check(z.gte(1), z.lt(2 ** 31)),
  z.transform((value): PoolId => poolId(value)),
);

export const namedOsdsField = z.array(osdIdField).check(z.minLength(1), z.maxLength(osdsNamedMax));
/** Or all that the map has. */
export const osdsField = z.union([z.literal('all'), namedOsdsField]);
export type OsdSelection = z.infer<typeof osdsField>;

export const pgIdField = z.pipe(
  z.strictObject({ pool: poolIdField, pg: z.int().check(z.gte(0), z.lt(65_536)) }),
  z.transform((value): PgId => value),
);

export const crushNameField = z.string().check(z.minLength(1), z.maxLength(crushNameLengthMax));

/** `type=name` pairs, as many as a hierarchy has types. */
export const locationField = z.array(z.string().check(z.minLength(3), z.maxLength(512))).check(z.maxLength(32));

/** 16.16, as CRUSH weighs: 0 to 100.0. */
export const crushWeightField = z.int().check(z.gte(0), z.lte(100 * 0x10000));

export const hex32Field = z.string().check(z.regex(/^[0-9a-f]{32}$/));

/** Without it, a command that destroys something or moves much data says what it would do and refuses. */
export const confirmedField = z.boolean();

/** What a change did, for people: one sentence per message. */
export interface ChangeReport {
  /** Names of what is not as it was: `osd.3`. Empty when all was so already. */
  readonly changed: readonly string[];
  readonly messages: readonly string[];
}
