/**
 * Object -> PG -> input of CRUSH (DESIGN.md section 3).
 *
 *     name ──xxh64──► hash (32 bits) ──stable-mod──► PG ──rjenkins with the pool──► x of CRUSH
 *                       └─ bits reversed ──► order of the objects within a PG
 *
 * Stable-mod gives objects of a PG that have their lowest bits in common. With the bits reversed those come first: the
 * objects of a PG are one range of order keys, and its children by a split are parts of that range:
 *
 *     PGs of 4      0.......  2.......  1.......  3.......      order key from 0 to 2^32-1
 *     of 6          0...4...  2.......  1...5...  3.......
 *     of 8          0...4...  2...6...  1...5...  3...7...
 */
import { invariant } from '../base/invariant.js';
import { xxh64OfText } from '../base/xxh64.js';
import { hash32of2 } from '../crush/hash.js';
import type { PoolId } from './ids.js';

/** What names an object within its pool. */
export interface ObjectName {
  readonly namespace: string;
  /** Objects of one locator are in one PG; empty: the name decides. */
  readonly locator: string;
  readonly name: string;
}

/** Between namespace and name, as in Ceph, so that `a` + `bc` is not `ab` + `c`. */
const separator = '\u001f';

/**
 * 0 to 2^32-1: the low bits of xxh64 over namespace and locator or name, in UTF-8. The pool's id is the seed: one name is
 * in unrelated PGs of two pools, so that a popular name does not load the same PG number everywhere. Never to be changed:
 * every stored object is where this says.
 */
export function objectHash(pool: PoolId, { namespace, locator, name }: ObjectName): number {
  const key = locator === '' ? name : locator;
  const hash = xxh64OfText(`${namespace}${separator}${key}`, BigInt(pool));
  return Number(BigInt.asUintN(32, hash));
}

/** The PG of an object in a pool of `pgNum` PGs, from its hash. */
export function pgOfHash(hash: number, pgNum: number): number {
  return stableMod(hash, pgNum, stableMask(pgNum));
}

/** The least 2^n - 1 that is at least `count` - 1. */
export function stableMask(count: number): number {
  invariant(Number.isInteger(count) && count >= 1 && count <= 2 ** 31, 'a count of PGs is 1 to 2^31', { count });
  return count === 1 ? 0 : 2 ** (32 - Math.clz32(count - 1)) - 1;
}

/**
 * `x` modulo `count`, such that with `count` growing by one only values of one residue move, to the new one (Ceph's
 * `ceph_stable_mod`). `mask` is `stableMask(count)`.
 */
export function stableMod(x: number, count: number, mask: number): number {
  const low = (x & mask) >>> 0;
  return low < count ? low : low & (mask >>> 1);
}

/** Sorts objects within a PG, as an unsigned number, by hash with its bits in reverse. Its own inverse. */
export function orderKey(hash: number): number {
  let bits = hash;
  bits = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1);
  bits = ((bits >>> 2) & 0x33333333) | ((bits & 0x33333333) << 2);
  bits = ((bits >>> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4);
  bits = ((bits >>> 8) & 0x00ff00ff) | ((bits & 0x00ff00ff) << 8);
  return ((bits >>> 16) | (bits << 16)) >>> 0;
}

/** The order keys of a PG's objects: `from` to before `to`, which is at most 2^32. */
export function orderRange(pg: number, pgNum: number): { readonly from: number; readonly to: number } {
  const mask = stableMask(pgNum);
  invariant(Number.isInteger(pg) && pg >= 0 && pg < pgNum, 'the PG is one of the pool', { pg, pgNum });
  // A PG whose sibling does not exist yet has the sibling's half too: one bit fewer is common to its objects.
  const half = mask >>> 1;
  const common = pg <= half && pg + half + 1 >= pgNum ? half : mask;
  const from = orderKey(pg);
  return { from, to: from + 2 ** 32 / (common + 1) };
}

/** What CRUSH maps for a PG: Ceph's, with `hashpspool` and as many PGs for placement as for objects. */
export function placementInput(pool: PoolId, pg: number): number {
  return hash32of2(pg, pool);
}
