/**
 * Where a store keeps what it has parked (PG-PROTOCOL.md section 5): writes that a failover of an async pool cut off. They are
 * values and objects of a *shadow pool*, whose number is the pool's with a bit that no pool of a cluster has. So they are counted,
 * moved and checked as everything else, and nothing that walks a PG of the pool ever meets them: not lists, scrubs, joins,
 * splits, nor the removal of a copy.
 *
 *     PG 0 of the shadow pool   object `2f/7.1234`           as it was, a clone; with the omap keys that the cut entries touched
 *                               object `2f/7.1234/log`       the cut entries that touched it, as omap values; attribute `parked`:
 *                                                            what is known of it, with the last of it (`ParkedObject`)
 *                               value  <pg> <term> <seq>     stands while it is being parked by several transactions
 */
import { CairnError } from '../../../base/errors.js';
import { invariant } from '../../../base/invariant.js';
import { type PgId, poolId, type PoolId, printPgId } from '../../../cluster/ids.js';
import type { ObjectVersion } from '../format/object-head.js';
import { objectId, type ObjectId, readU32, readU64, u32Text, u64Text } from '../object-id.js';

/** Pools are numbered from 1 on, one after the other: none ever has this bit. */
const shadowBit = 2 ** 30;

export function isShadowPool(pool: number): boolean {
  return pool >= shadowBit;
}

/** The PG of the store that has all that was parked of a pool. */
export function shadowPg(pool: PoolId): PgId {
  invariant(!isShadowPool(pool), 'a shadow has none of its own', { pool });
  return { pool: poolId(pool + shadowBit), pg: 0 };
}

export function poolOfShadow(shadow: PoolId): PoolId {
  invariant(isShadowPool(shadow), 'it is a shadow', { shadow });
  return poolId(shadow - shadowBit);
}

/** For messages. */
export function showPg(pg: PgId): string {
  return isShadowPool(pg.pool) ? `what is parked of pool ${poolOfShadow(pg.pool)}` : `PG ${printPgId(pg)}`;
}

/** A parked object by the PG that it was in, and the entry that changed it last: an entry names one object, so this names one. */
export interface ParkedPlace {
  readonly pg: PgId;
  readonly version: ObjectVersion;
}

/** In the order of PGs, then of entries. */
export function parkedKey({ pg, version }: ParkedPlace): string {
  return `${u32Text(pg.pg)}${u64Text(version.term)}${u64Text(version.seq)}`;
}

const keyBytes = 20;

/** `PARSE_ERROR` for what is none. */
export function placeOfKey(pool: PoolId, key: string): ParkedPlace {
  if (key.length !== keyBytes) throw new CairnError('PARSE_ERROR', `a key of what was parked has ${key.length} bytes`);
  const version = { term: readU64(key, 4), seq: readU64(key, 12) };
  return { pg: { pool, pg: readU32(key, 0) }, version };
}

/** Keys of one PG, or of all. */
export function parkedRange(pg: number | undefined): { readonly from: string; readonly to: string | undefined } {
  if (pg === undefined) return { from: '', to: undefined };
  return { from: u32Text(pg), to: pg === 2 ** 32 - 1 ? undefined : u32Text(pg + 1) };
}

export function parkedObjectId(place: ParkedPlace, what: 'object' | 'log'): ObjectId {
  const { pg, version } = place;
  const name = `${pg.pg.toString(16)}/${version.term}.${version.seq}${what === 'log' ? '/log' : ''}`;
  return objectId(shadowPg(pg.pool).pool, { namespace: '', locator: '', name });
}

/** Of a name that `parkedObjectId` made; `undefined` for any other. */
export function placeOfObject(pool: PoolId, name: string): ParkedPlace | undefined {
  const [, pg, term, seq] = /^([0-9a-f]{1,8})\/([0-9]{1,16})\.([0-9]{1,16})(?:\/log)?$/.exec(name) ?? [];
  const version = { term: Number(term), seq: Number(seq) };
  if (pg === undefined || !Number.isSafeInteger(version.term) || !Number.isSafeInteger(version.seq)) return undefined;
  return { pg: { pool, pg: Number.parseInt(pg, 16) }, version };
}

export const parkedAttribute = 'parked';

/** Of an entry, in the omap of the log object. */
export function parkedEntryKey({ term, seq }: ObjectVersion): string {
  return `${u64Text(term)}${u64Text(seq)}`;
}
