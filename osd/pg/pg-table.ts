/** The PGs of an OSD: opened when a map or a message brings one, told of every map, in slices. */
import { type CairnError, toCairnError } from '../../base/errors.js';
import { printPgId, type Epoch, type OsdId, type PgId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { memberOf } from '../../cluster/pg/context.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import { UpTable } from '../../cluster/up-table.js';
import { Slices } from '../../runtime/slices.js';
import { isShadowPool } from '../store/parked/parked-place.js';
import { Pg } from './pg.js';
import type { PgHost } from './pg-host.js';

/** Records looked at in one go: a microsecond each. */
const scanMax = 2_000;

export class PgTable {
  readonly #host: PgHost;
  readonly #registeredAt: Epoch;
  readonly #pgs = new Map<string, Pg>();
  readonly #opening = new Map<string, Promise<Pg>>();
  #ups: UpTable | undefined;
  #newest: ClusterMap | undefined;
  #applied = 0;
  #isStoreRead = false;
  #working: Promise<void> | undefined;
  #closed: CairnError | undefined;

  constructor(host: PgHost, registeredAt: Epoch) {
    this.#host = host;
    this.#registeredAt = registeredAt;
  }

  /** Every PG that the map wants here is open. */
  get isComplete(): boolean {
    return this.#applied > 0;
  }

  get counts(): { readonly pgs: number; readonly leading: number } {
    let leading = 0;
    for (const pg of this.#pgs.values()) if (pg.primary !== undefined) leading += 1;
    return { pgs: this.#pgs.size, leading };
  }

  get(id: PgId): Pg | undefined {
    return this.#pgs.get(printPgId(id));
  }

  all(): Iterable<Pg> {
    return this.#pgs.values();
  }

  learn(id: PgId, record: PgRecord): void {
    if (this.#closed === undefined) this.get(id)?.learn(record);
  }

  async open(id: PgId): Promise<Pg> {
    const name = printPgId(id);
    const known = this.#pgs.get(name);
    if (known !== undefined) return known;
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#open(id, name);
      this.#opening.set(name, opening);
    }
    return await opening;
  }

  onMap(map: ClusterMap): void {
    this.#newest = map;
    if (this.#working !== undefined) return;
    this.#working = this.#work().catch((error: unknown) => {
      if (this.#closed === undefined) this.#host.fatal(error);
    });
  }

  async close(reason: CairnError): Promise<void> {
    this.#closed ??= reason;
    await Promise.all(Array.from(this.#pgs.values(), (pg) => pg.close(reason)));
    await this.#working;
    await Promise.allSettled(this.#opening.values());
  }

  async #open(id: PgId, name: string): Promise<Pg> {
    try {
      const pg = await Pg.open(this.#host, id);
      if (this.#closed !== undefined) throw this.#closed;
      this.#pgs.set(name, pg);
      return pg;
    } finally {
      this.#opening.delete(name);
    }
  }

  async #work(): Promise<void> {
    while (this.#closed === undefined) {
      const map = this.#newest;
      if (map === undefined || map.epoch === this.#applied) break;
      // What came before the registration says nothing about this run.
      if (map.epoch >= this.#registeredAt) await this.#apply(map);
      this.#applied = map.epoch;
    }
    this.#working = undefined;
  }

  async #apply(map: ClusterMap): Promise<void> {
    const slices = new Slices(this.#host.runtime.clock);
    const ups = await slices.run(UpTable.steps(this.#ups, map));
    this.#ups = ups;
    const { osd } = this.#host.self;
    const marks = new Uint8Array(osd + 1);
    marks[osd] = 1;
    const cursor = map.records.cursor();
    for (;;) {
      const found = cursor.nextMarked(marks, scanMax);
      if (found === 'end') break;
      await slices.pause();
      if (this.#closed !== undefined) return;
      if (found === 'paused') continue;
      const id = { pool: cursor.pool, pg: cursor.pg };
      // Opening waits, and the cursor stands where it is meanwhile.
      if (this.get(id) === undefined) await this.#tryOpen(id);
    }
    if (!this.#isStoreRead) {
      // Copies that no record names: to be taken away, or to join again.
      this.#isStoreRead = true;
      for (const id of this.#host.store.pgs()) {
        if (!isShadowPool(id.pool) && this.get(id) === undefined) await this.#tryOpen(id);
      }
    }
    // A map that does not know a pool yet says nothing about it.
    this.#host.parked.keepPools((pool) => map.pools.has(pool) || pool > map.poolLast);
    for (const pg of this.#pgs.values()) {
      await slices.pause();
      if (this.#closed !== undefined) return;
      const pool = map.pools.get(pg.id.pool);
      const record = map.records.get(pg.id);
      if (pool === undefined || record === undefined) {
        // A map that does not know the pool yet says nothing about it.
        if (pool === undefined && pg.id.pool <= map.poolLast) pg.drop();
        continue;
      }
      pg.update(pool, membersOf(map, ups.up(pg.id)), record);
    }
  }

  /** One PG that cannot be read keeps no other from being served. */
  async #tryOpen(id: PgId): Promise<void> {
    try {
      await this.open(id);
    } catch (thrown) {
      if (this.#closed !== undefined) return;
      const error = toCairnError(thrown);
      if (error.code === 'INTERNAL') throw thrown;
      this.#host.runtime.log.error({ pg: printPgId(id), err: error }, 'a PG cannot be opened here');
    }
  }
}

function membersOf(map: ClusterMap, osds: readonly OsdId[]): Member[] {
  return osds.flatMap((osd) => memberOf(map.osds.get(osd)) ?? []);
}
