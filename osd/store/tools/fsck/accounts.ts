/** What fsck counts for itself while it walks the index, to be compared with what the store keeps count of. */
import type { PoolId } from '../../../../cluster/ids.js';
import { pgOfHash, objectHash } from '../../../../cluster/object-placement.js';
import type { ObjectId } from '../../object-id.js';
import type { PgCounts } from '../../pg/pg-state.js';

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
  /** Of the pools whose `pgNum` is known, by `pool.pg` in decimal. */
  readonly #pgs = new Map<string, PgCounts>();
  readonly #pgNums: ReadonlyMap<number, number>;
  objects = 0;
  objectBytes = 0;
  keys = 0;
  keyBytes = 0;
  payloads = 0;

  constructor(segments: number, pgNums: ReadonlyMap<number, number>) {
    this.live = new Float64Array(segments);
    this.#pgNums = pgNums;
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
    const pgNum = this.#pgNums.get(object.pool);
    if (pgNum === undefined) return;
    const name = `${object.pool}.${pgOfHash(objectHash(object.pool, object.name), pgNum)}`;
    const pg = this.#pgs.get(name) ?? { objects: 0, bytes: 0 };
    this.#pgs.set(name, { objects: pg.objects + 1, bytes: pg.bytes + size });
  }

  pool(pool: PoolId): PgCounts {
    return this.#pools.get(pool) ?? { objects: 0, bytes: 0 };
  }

  pools(): PoolId[] {
    return Array.from(this.#pools.keys()).sort((a, b) => a - b);
  }

  /** Numbers of the PGs of a pool that objects are in, where its `pgNum` is known. */
  pgsOf(pool: PoolId): number[] {
    const prefix = `${pool}.`;
    const names = Array.from(this.#pgs.keys()).filter((name) => name.startsWith(prefix));
    return names.map((name) => Number(name.slice(prefix.length))).sort((a, b) => a - b);
  }

  /** `undefined` while the pool's `pgNum` is not known. */
  pg(pool: PoolId, pg: number): PgCounts | undefined {
    if (!this.#pgNums.has(pool)) return undefined;
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
