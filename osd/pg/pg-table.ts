/** The PGs of an OSD: opened when a map or a message brings one, told of every map, in slices. */
import { type CairnError, toCairnError } from '../../base/errors.js';
import { printPgId, type Epoch, type OsdId, type PgId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { memberOf } from '../../cluster/pg/context.js';
import { ancestorsOf } from '../../cluster/pg/split.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';
import { UpTable } from '../../cluster/up-table.js';
import { Slices } from '../../runtime/slices.js';
import { Reservations } from '../recovery/reservations.js';
import { isShadowPool } from '../store/parked/parked-place.js';
import { noBounds } from '../store/pg/pg-state.js';
import { Pg } from './pg.js';
import type { PgHost } from './pg-host.js';
import { notServing } from './refusals.js';

/** Records looked at in one go: a microsecond each. */
const scanMax = 2_000;
/** PGs that are split at a time: what one waits for, the disk, they wait for together. */
const splitsMax = 8;

/** What is being applied, or was last. */
interface Current {
  readonly map: ClusterMap;
  readonly ups: UpTable;
}

export class PgTable {
  readonly #host: PgHost;
  readonly #registeredAt: Epoch;
  readonly #pgs = new Map<string, Pg>();
  readonly #opening = new Map<string, Promise<Pg>>();
  /** Copies that cannot be read. */
  readonly #unreadable = new Set<string>();
  /** PGs that are being split, or wait for their turn; resolves when it is over. */
  readonly #splitting = new Map<Pg, Promise<void>>();
  readonly #turns = new Reservations(splitsMax);
  #current: Current | undefined;
  #newest: ClusterMap | undefined;
  #applied = 0;
  #isStoreRead = false;
  #working: Promise<void> | undefined;
  #closed: CairnError | undefined;

  constructor(host: PgHost, registeredAt: Epoch) {
    this.#host = host;
    this.#registeredAt = registeredAt;
  }

  /** Every PG that the newest map wants here is open. */
  get isComplete(): boolean {
    return this.#applied > 0 && this.#applied === this.#newest?.epoch && this.#splitting.size === 0;
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

  learn(id: PgId, record: PgRecord, pgNum?: number): void {
    if (this.#closed === undefined) this.get(id)?.learn(record, pgNum);
  }

  /**
   * For a message. `OVERLOADED` for a PG that may have objects here under another number: until the copies that there are have
   * been split so far, an empty copy of it would pass for one that never had anything.
   */
  async openFor(id: PgId): Promise<Pg> {
    const known = this.get(id);
    if (known !== undefined) return known;
    this.#checkSplitOff(id);
    return await this.open(id);
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
    await Promise.all(this.#splitting.values());
  }

  async #open(id: PgId, name: string): Promise<Pg> {
    try {
      const pg = await Pg.open(this.#host, id);
      if (this.#closed !== undefined) throw this.#closed;
      // What the map says of it comes before what a message does.
      for (let told: Current | undefined; told !== this.#current;) {
        told = this.#current;
        const bringing = this.#bring(pg);
        if (bringing !== undefined) await bringing;
      }
      this.#unreadable.delete(name);
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
    const ups = await slices.run(UpTable.steps(this.#current?.ups, map));
    if (!this.#isStoreRead) {
      // Also copies that no record names: to be taken away, to join again, to be split.
      for (const id of this.#host.store.pgs()) {
        if (!isShadowPool(id.pool) && this.get(id) === undefined) await this.#tryOpen(id);
      }
      this.#isStoreRead = true;
    }
    this.#current = { map, ups };
    await this.#updateAll(slices);
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
      if (this.get(id) === undefined && !this.#isSplittingOff(id)) await this.#tryOpen(id);
    }
    // A map that does not know a pool yet says nothing about it.
    this.#host.parked.keepPools((pool) => map.pools.has(pool) || pool > map.poolLast);
  }

  /** It is opened when that is over. */
  #isSplittingOff({ pool, pg }: PgId): boolean {
    return ancestorsOf(pg).some((number) => {
      const ancestor = this.get({ pool, pg: number });
      return ancestor !== undefined && this.#splitting.has(ancestor);
    });
  }

  /** Every PG that is open is told of the map, but for those that are to be split before: they are when that is over. */
  async #updateAll(slices: Slices): Promise<void> {
    for (const pg of this.#pgs.values()) {
      await slices.pause();
      if (this.#closed !== undefined) return;
      // Nobody waits for one that is split: what a store without room takes for it must not hold up other PGs, and newer maps.
      void this.#bring(pg);
    }
  }

  /** Mostly at once, and `undefined` then. Rejects nowhere. */
  #bring(pg: Pg): Promise<void> | undefined {
    const known = this.#splitting.get(pg);
    if (known !== undefined) return known;
    if (this.#splitNow(pg) === undefined) {
      this.#update(pg);
      return undefined;
    }
    const splitting = this.#split(pg);
    this.#splitting.set(pg, splitting);
    return splitting;
  }

  /** What the map that is applied says of a PG that is to be split before it says anything else. */
  #splitNow(pg: Pg): { readonly pool: Pool; readonly record: PgRecord } | undefined {
    const map = this.#current?.map;
    const pool = map?.pools.get(pg.id.pool);
    const record = map?.records.get(pg.id);
    return pool !== undefined && record !== undefined && pg.mustSplit(pool) ? { pool, record } : undefined;
  }

  /** In its turn, as often as maps want it meanwhile; then it goes on, with its children beside it. */
  async #split(pg: Pg): Promise<void> {
    const children: PgId[] = [];
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const turn = this.#turns.request(0, begin);
    try {
      await begun;
      for (let now = this.#splitNow(pg); now !== undefined && this.#closed === undefined; now = this.#splitNow(pg)) {
        const { pool, record } = now;
        const numbers = pg.copy.childrenOf(pool.pgNum);
        await this.#splitOnce(pg, pool, record);
        children.push(...numbers.map((number) => ({ pool: pool.id, pg: number })));
      }
      if (this.#closed !== undefined) return;
      this.#splitting.delete(pg);
      this.#update(pg);
      for (const id of children) if (this.#isHere(id)) await this.#tryOpen(id);
    } catch (thrown) {
      if (this.#closed !== undefined) return;
      const error = toCairnError(thrown);
      if (error.code === 'INTERNAL') this.#host.fatal(thrown);
      const { log } = this.#host.runtime;
      log.error({ pg: printPgId(pg.id), err: error }, 'a PG cannot be split here; its copy is of no use until it is');
    } finally {
      turn.release();
      this.#splitting.delete(pg);
    }
  }

  async #splitOnce(pg: Pg, pool: Pool, record: PgRecord): Promise<void> {
    const { log, clock } = this.#host.runtime;
    const began = clock.now();
    await pg.split(pool, record);
    const ms = Math.round(clock.now() - began);
    log.info({ pg: printPgId(pg.id), pgNum: pool.pgNum, ms }, 'a PG was split');
  }

  /** There is a copy, or the map has this OSD as a member. */
  #isHere(id: PgId): boolean {
    const record = this.#current?.map.records.get(id);
    const { osd } = this.#host.self;
    const isNamed = record !== undefined && [...record.acting, ...record.eligible].some((member) => member.osd === osd);
    return isNamed || this.#hasCopy(id);
  }

  #update(pg: Pg): void {
    if (this.#current === undefined) return;
    const { map, ups } = this.#current;
    const pool = map.pools.get(pg.id.pool);
    const record = map.records.get(pg.id);
    if (pool !== undefined && record !== undefined) pg.update(pool, membersOf(map, ups.up(pg.id)), record);
    // A map that does not know the pool yet says nothing about it.
    else if (pool === undefined && pg.id.pool <= map.poolLast) pg.drop();
  }

  #checkSplitOff(id: PgId): void {
    const map = this.#current?.map;
    if (map === undefined || !this.#isStoreRead) throw notServing(id, 'is being opened here');
    const pgNum = map.pools.get(id.pool)?.pgNum ?? 0;
    // A pool that is no more, or is not yet, has no PGs that split.
    if (pgNum > 0 && id.pg >= pgNum) throw notServing(id, `is none that map ${map.epoch} has yet`);
    for (const number of ancestorsOf(id.pg)) {
      const ancestor = { pool: id.pool, pg: number };
      // One that is not open yet, as a child is while its parent splits again, may have the objects unsplit.
      const isHidden = this.#opening.has(printPgId(ancestor)) || this.#hasCopy(ancestor);
      const isSplit = this.get(ancestor)?.copy.isSplitFor(id.pg) ?? !isHidden;
      if (isSplit && !this.#unreadable.has(printPgId(ancestor))) continue;
      throw notServing(id, `waits for pg ${printPgId(ancestor)} to be split here`);
    }
  }

  #hasCopy(id: PgId): boolean {
    return this.#host.store.logBounds(id) !== noBounds;
  }

  /** One PG that cannot be read keeps no other from being served. */
  async #tryOpen(id: PgId): Promise<void> {
    try {
      if (this.#isStoreRead && !this.#hasCopy(id)) this.#checkSplitOff(id);
      await this.open(id);
    } catch (thrown) {
      if (this.#closed !== undefined) return;
      const error = toCairnError(thrown);
      if (error.code === 'INTERNAL') throw thrown;
      if (this.#hasCopy(id)) this.#unreadable.add(printPgId(id));
      this.#host.runtime.log.error({ pg: printPgId(id), err: error }, 'a PG cannot be opened here');
    }
  }
}

function membersOf(map: ClusterMap, osds: readonly OsdId[]): Member[] {
  return osds.flatMap((osd) => memberOf(map.osds.get(osd)) ?? []);
}
