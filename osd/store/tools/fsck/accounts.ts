/** What fsck counts for itself while it walks the index, to be compared with what the store keeps count of. */
import type { PoolId } from '../../../../cluster/ids.js';
import type { ObjectId } from '../../object-id.js';
import type { PgCounts } from '../../pg/pg-state.js';
import type { PgPlacement } from './pg-placement.js';

export interface SharedUse {
  references: number;
  /** The byte of the payload behind the last one shown. */
  end: number;
}

export class Accounts {
  /** Bytes of payloads, by segment. */
  readonly live: Float64Array;
  /** By id: memory grows with the number of payloads that clones share, about 100 bytes each. */
  readonly shared = new Map<number, SharedUse>();
  readonly #pools = new Map<PoolId, PgCounts>();
  /** Of pools whose objects can be told apart, by `pool.pg` in decimal. */
  readonly #pgs = new Map<string, PgCounts>();
  #placement: PgPlacement | undefined;
  objects = 0;
  objectBytes = 0;
  keys = 0;
  keyBytes = 0;
  payloads = 0;

  constructor(segments: number) {
    this.live = new Float64Array(segments);
  }

  /** Before any object is added. */
  placeBy(placement: PgPlacement): void {
    this.#placement = placement;
  }

  get liveBytes(): number {
    return this.live.reduce((sum, bytes) => sum + bytes, 0);
  }

  addLive(segment: number, bytes: number): void {
    if (segment < this.live.length) this.live[segment] = (this.live[segment] ?? 0) + bytes;
  }

  addObject(object: ObjectId, size: number): void {
    this.objects += 1;
    this.objectBytes += size;
    const before = this.pool(object.pool);
    this.#pools.set(object.pool, { objects: before.objects + 1, bytes: before.bytes + size });
    const number = this.#placement?.pgOf(object);
    if (number === undefined) return;
    const name = `${object.pool}.${number}`;
    const pg = this.#pgs.get(name) ?? { objects: 0, bytes: 0 };
    this.#pgs.set(name, { objects: pg.objects + 1, bytes: pg.bytes + size });
  }

  pool(pool: PoolId): PgCounts {
    return this.#pools.get(pool) ?? { objects: 0, bytes: 0 };
  }

  pools(): PoolId[] {
    return Array.from(this.#pools.keys()).sort((a, b) => a - b);
  }

  /** Numbers of the PGs of a pool that objects are in, where that is known. */
  pgsOf(pool: PoolId): number[] {
    const prefix = `${pool}.`;
    const names = Array.from(this.#pgs.keys()).filter((name) => name.startsWith(prefix));
    return names.map((name) => Number(name.slice(prefix.length))).sort((a, b) => a - b);
  }

  /** `undefined` while it is not known which PGs the pool's objects are in. */
  pg(pool: PoolId, pg: number): PgCounts | undefined {
    if (this.#placement?.isKnown(pool) !== true) return undefined;
    return this.#pgs.get(`${pool}.${pg}`) ?? { objects: 0, bytes: 0 };
  }

  addReference(id: number, end: number): void {
    const use = this.shared.get(id);
    if (use === undefined) {
      this.shared.set(id, { references: 1, end });
      return;
    }
    use.references += 1;
    use.end = Math.max(use.end, end);
  }
}
