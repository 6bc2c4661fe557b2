/**
 * A map while changes are applied to it. What a change says by itself, and against what it replaces, is checked when it
 * is added, at a cost of its size. What ties things together (a pool's rule exists, an upmap's OSDs exist) is checked at
 * the end, for what was touched: so changes of one epoch may come in any order that makes sense on the way, and a
 * compacted list has the same effect as the long one.
 *
 * The checks decide on every monitor alike, of every version that takes part: making one stricter needs a feature bit.
 */
import { unreachable } from '../base/invariant.js';
import type { Steps } from '../base/steps.js';
import type { CrushMap } from '../crush/types.js';
import type { MapChange } from './change.js';
import { canonicalCrush, checkPoolRule } from './check/check-crush.js';
import { checkMonitor, checkMonitors } from './check/check-monitor.js';
import { checkOsd, checkOsdFeatures, checkOsdSuccession, checkStoreNumbers } from './check/check-osd.js';
import { checkPgRecord, checkPgRecordSuccession } from './check/check-pg-record.js';
import { checkPool, checkPoolNames, checkPoolSuccession } from './check/check-pool.js';
import { checkConfigEntry, checkEntity, checkFlag } from './check/check-texts.js';
import { allUpmaps, checkUpmapItems, checkUpmapTargets } from './check/check-upmap.js';
import { existing, fits, isCounter, isIntegerWithin, quoted, u32Max, valid } from './check/facts.js';
import { hasFeatures } from './features.js';
import { printPgId, type OsdId, type PgId, type PoolId } from './ids.js';
import type { ClusterFlag, ClusterMap, Entity, MonitorInfo } from './map.js';
import { clusterFlags } from './map.js';
import type { OsdInfo } from './osd.js';
import type { PgRecord } from './pg-record.js';
import { parentOf } from './pg/split.js';
import type { PgCursor, PgRecords } from './pg-records.js';
import type { Pool } from './pool.js';
import { chunkPgCount } from './record-chunk.js';
import { SortedDraft } from './sorted-draft.js';
import type { UpmapItem } from './upmap.js';

/**
 * Work is counted in records, each about a microsecond; a step is a thousand or two of them. A chunk of records that
 * changes is copied, which costs about twenty however few of it change.
 */
const workPerStep = 1024;
const workPerChunk = 20;
const workPerChange = 4;

type RecordsChange = MapChange & { readonly kind: 'records' };

export class MapDraft {
  readonly #before: ClusterMap;
  readonly #monitors: SortedDraft<string, MonitorInfo>;
  readonly #osds: SortedDraft<OsdId, OsdInfo>;
  readonly #pools: SortedDraft<PoolId, Pool>;
  readonly #upmaps: SortedDraft<PoolId, ReadonlyMap<number, readonly UpmapItem[]>>;
  readonly #config: SortedDraft<string, string>;
  readonly #entities: SortedDraft<string, Entity>;
  #flags: ReadonlySet<ClusterFlag>;
  #crush: CrushMap;
  #records: PgRecords;
  #requiredFeatures: number;
  #storeLast: number;
  #poolLast: number;
  #memberLast: number;

  /** What the checks at the end look at. */
  readonly #touchedOsds = new Set<OsdId>();
  readonly #touchedPools = new Set<PoolId>();
  readonly #touchedUpmaps: PgId[] = [];
  readonly #removedPools = new Set<PoolId>();
  #hasRemovedOsds = false;
  #hasNewMonitors = false;
  #hasNewStores = false;
  #storeMaxInRecords = 0;
  /** Since the last step. */
  #work = 0;

  constructor(map: ClusterMap) {
    this.#before = map;
    this.#monitors = new SortedDraft(map.monitors);
    this.#osds = new SortedDraft(map.osds);
    this.#pools = new SortedDraft(map.pools);
    this.#upmaps = new SortedDraft(map.upmaps);
    this.#config = new SortedDraft(map.config);
    this.#entities = new SortedDraft(map.entities);
    this.#flags = map.flags;
    this.#crush = map.crush;
    this.#records = map.records;
    this.#requiredFeatures = map.requiredFeatures;
    this.#storeLast = map.storeLast;
    this.#poolLast = map.poolLast;
    this.#memberLast = map.memberLast;
  }

  /** One change. On an error the draft is useless; the map it began with is as it was. */
  *add(change: MapChange): Steps<void> {
    this.#work += workPerChange;
    if (change.kind === 'records') yield* this.#setRecords(change);
    else this.#apply(change);
    yield* this.#pause();
  }

  #apply(change: Exclude<MapChange, RecordsChange>): void {
    switch (change.kind) {
      case 'monitor':
        return this.#setMonitor(change.monitor);
      case 'monitor-removed':
        return this.#removeMonitor(change.name);
      case 'osd':
        return this.#setOsd(change.osd);
      case 'osd-removed':
        return this.#removeOsd(change.id);
      case 'crush':
        this.#crush = canonicalCrush(change.crush);
        return;
      case 'pool':
        return this.#setPool(change.pool);
      case 'pool-removed':
        return this.#removePool(change.id);
      case 'upmap':
        return this.#setUpmap(change.pg, change.items);
      case 'flag':
        return this.#setFlag(change.flag, change.isSet);
      case 'config':
        return this.#setConfig(change.key, change.value);
      case 'entity':
        checkEntity(change.entity);
        return this.#entities.set(change.entity.name, change.entity);
      case 'entity-removed':
        existing(this.#entities.get(change.name), () => `there is no entity ${quoted(change.name)} to remove`);
        return this.#entities.delete(change.name);
      case 'required-features':
        return this.#setRequiredFeatures(change.features);
      case 'numbers':
        return this.#useNumbers(change);
      default:
        return unreachable(change);
    }
  }

  /**
   * Checks what ties the touched things together. The epoch and the time of the change are those of the map before, unless
   * they are given. Every field is named: to override what was spread costs V8 a call of its runtime per field.
   */
  finish({ epoch, changedAt }: Pick<ClusterMap, 'epoch' | 'changedAt'> = this.#before): ClusterMap {
    this.#checkTies();
    const { fsid, createdAt } = this.#before;
    return {
      epoch,
      fsid,
      createdAt,
      changedAt,
      requiredFeatures: this.#requiredFeatures,
      monitors: this.#monitors.finish(),
      osds: this.#osds.finish(),
      crush: this.#crush,
      pools: this.#pools.finish(),
      records: this.#records,
      upmaps: this.#upmaps.finish(),
      flags: this.#flags,
      config: this.#config.finish(),
      entities: this.#entities.finish(),
      storeLast: this.#storeLast,
      poolLast: this.#poolLast,
      memberLast: this.#memberLast,
    };
  }

  #setMonitor(monitor: MonitorInfo): void {
    checkMonitor(monitor);
    this.#monitors.set(monitor.name, monitor);
    this.#memberLast = Math.max(this.#memberLast, monitor.member);
    this.#hasNewMonitors = true;
  }

  #removeMonitor(name: string): void {
    existing(this.#monitors.get(name), () => `there is no monitor ${quoted(name)} to remove`);
    this.#monitors.delete(name);
    this.#hasNewMonitors = true;
  }

  #setOsd(osd: OsdInfo): void {
    checkOsd(osd);
    const next = this.#before.epoch + 1;
    fits(osd.upFrom <= next && osd.downAt <= next, () => `osd.${osd.id} came up or went down after epoch ${next}`);
    const before = this.#osds.get(osd.id);
    if (before !== undefined) checkOsdSuccession(before, osd);
    if (osd.store !== before?.store) this.#hasNewStores = true;
    this.#osds.set(osd.id, osd);
    this.#storeLast = Math.max(this.#storeLast, osd.store);
    this.#touchedOsds.add(osd.id);
  }

  #removeOsd(id: OsdId): void {
    existing(this.#osds.get(id), () => `there is no osd.${id} to remove`);
    this.#osds.delete(id);
    this.#touchedOsds.delete(id);
    this.#hasRemovedOsds = true;
  }

  #setPool(pool: Pool): void {
    checkPool(pool);
    const before = this.#pools.get(pool.id);
    if (before === undefined) {
      fits(!this.#removedPools.has(pool.id), () => `pool ${pool.id} was just removed; give the new pool a new number`);
      const next = this.#before.epoch + 1;
      fits(pool.createdAt <= next, () => `pool ${pool.name} was made in epoch ${pool.createdAt}, after ${next}`);
      this.#records = this.#records.withPool(pool.id, pool.pgNum);
    } else {
      checkPoolSuccession(before, pool);
      if (pool.pgNum > before.pgNum) this.#records = this.#records.withPgNum(pool.id, pool.pgNum);
    }
    this.#pools.set(pool.id, pool);
    this.#poolLast = Math.max(this.#poolLast, pool.id);
    this.#touchedPools.add(pool.id);
  }

  #removePool(id: PoolId): void {
    existing(this.#pools.get(id), () => `there is no pool ${id} to remove`);
    this.#pools.delete(id);
    this.#upmaps.delete(id);
    this.#records = this.#records.withoutPool(id);
    this.#touchedPools.delete(id);
    this.#removedPools.add(id);
  }

  *#setRecords(change: RecordsChange): Steps<void> {
    const { pool: id, pgs, records } = change;
    const pool = existing(this.#pools.get(id), () => `there is no pool ${id} to set records of`);
    valid(
      pgs.length === records.length,
      () => `${pgs.length} PGs come with ${records.length} records; give one for each`,
    );
    for (let start = 0; start < pgs.length;) {
      const end = this.#checkRecords(pool, change, start);
      this.#records = this.#records.with(id, pgs.subarray(start, end), records.slice(start, end));
      start = end;
      yield* this.#pause();
    }
  }

  /** From index `first` on, as many as are left of this step's work, and at least one. Returns the index after the last. */
  #checkRecords(pool: Pool, { pgs, records }: RecordsChange, first: number): number {
    let chunk = -1;
    let index = first;
    for (; index < pgs.length && (index === first || this.#work < workPerStep); index += 1) {
      const pg = pgs[index]!;
      this.#checkRecord(pool, index > 0 ? pgs[index - 1]! : -1, pg, records[index]!);
      const ownChunk = Math.trunc(pg / chunkPgCount);
      this.#work += ownChunk === chunk ? 1 : workPerChunk;
      chunk = ownChunk;
    }
    return index;
  }

  *#pause(): Steps<void> {
    if (this.#work < workPerStep) return;
    this.#work = 0;
    yield;
  }

  #checkRecord(pool: Pool, previous: number, number: number, record: PgRecord): void {
    const pg: PgId = { pool: pool.id, pg: number };
    valid(number > previous, () => `records of pool ${pool.name} are not in order of PGs; sort them`);
    fits(number < pool.pgNum, () => `there is no PG ${number} in pool ${pool.name} of ${pool.pgNum} PGs`);
    checkPgRecord(pg, record);
    const before = existing(this.#records.get(pg), () => `pool ${pool.name} lacks the record of PG ${number}`);
    checkPgRecordSuccession(pg, before, record);
    for (const { store } of record.acting) if (store > this.#storeMaxInRecords) this.#storeMaxInRecords = store;
    for (const { store } of record.eligible) if (store > this.#storeMaxInRecords) this.#storeMaxInRecords = store;
  }

  #setUpmap(pg: PgId, items: readonly UpmapItem[]): void {
    checkUpmapItems(pg, items);
    fits(!this.#removedPools.has(pg.pool), () => `pool ${pg.pool} was just removed; leave out upmaps of its PGs`);
    const ofPool = new SortedDraft<number, readonly UpmapItem[]>(this.#upmaps.get(pg.pool) ?? new Map());
    if (items.length === 0) ofPool.delete(pg.pg);
    else ofPool.set(pg.pg, items);
    const finished = ofPool.finish();
    if (finished.size === 0) this.#upmaps.delete(pg.pool);
    else this.#upmaps.set(pg.pool, finished);
    this.#touchedUpmaps.push(pg);
  }

  #setFlag(flag: ClusterFlag, isSet: boolean): void {
    checkFlag(flag);
    if (this.#flags.has(flag) === isSet) return;
    // In the order of the table, so that every copy of the map iterates alike.
    this.#flags = new Set(clusterFlags.filter((other) => (other === flag ? isSet : this.#flags.has(other))));
  }

  #setConfig(key: string, value: string | undefined): void {
    checkConfigEntry(key, value);
    if (value === undefined) this.#config.delete(key);
    else this.#config.set(key, value);
  }

  #setRequiredFeatures(features: number): void {
    valid(isCounter(features), () => `required features are the bits of 0 to 2^53-1, not ${features}`);
    fits(
      hasFeatures(features, this.#requiredFeatures),
      () => 'a required feature stays required, since its formats are in use; add to the bits that are set',
    );
    this.#requiredFeatures = features;
  }

  #useNumbers(last: { readonly storeLast: number; readonly poolLast: number; readonly memberLast: number }): void {
    const fitsWidths =
      isIntegerWithin(last.storeLast, 0, u32Max) &&
      isIntegerWithin(last.poolLast, 0, 2 ** 31 - 1) &&
      isIntegerWithin(last.memberLast, 0, u32Max);
    valid(fitsWidths, () => 'numbers of stores and members end at 2^32-1, those of pools at 2^31-1');
    this.#storeLast = Math.max(this.#storeLast, last.storeLast);
    this.#poolLast = Math.max(this.#poolLast, last.poolLast);
    this.#memberLast = Math.max(this.#memberLast, last.memberLast);
  }

  #checkTies(): void {
    if (this.#hasNewMonitors) checkMonitors(this.#monitors.view);
    this.#checkPools();
    this.#checkOsds();
    const storeMax = this.#storeMaxInRecords;
    fits(storeMax <= this.#storeLast, () => `a PG's member has store number ${storeMax}, which nobody was given`);
    const map = { osds: this.#osds, pools: this.#pools };
    for (const pg of this.#touchedUpmaps) {
      if (this.#removedPools.has(pg.pool)) continue;
      checkUpmapTargets(pg, this.#upmaps.get(pg.pool)?.get(pg.pg) ?? [], map);
    }
    if (!this.#hasRemovedOsds) return;
    for (const [pg, items] of allUpmaps(this.#upmaps.view)) checkUpmapTargets(pg, items, map);
  }

  /**
   * A pool that has more PGs than before: each child begins with the record of its parent. One that had none would be made anew, as
   * an empty PG, while its objects are where its parent's are.
   */
  #checkSplits(): void {
    for (const id of this.#touchedPools) {
      const before = this.#before.pools.get(id);
      const after = this.#pools.get(id);
      if (before === undefined || after === undefined || before.pgNum === after.pgNum) continue;
      const [then, now] = [this.#before.records.cursor(), this.#records.cursor()];
      const termAt = (cursor: PgCursor, pg: number): number => (cursor.moveTo(id, pg) ? cursor.term : 0);
      for (let pg = before.pgNum; pg < after.pgNum; pg += 1) {
        const parent = parentOf(pg, before.pgNum);
        const born = termAt(then, parent);
        fits(born === 0 || (termAt(now, parent) > born && termAt(now, pg) > 0), () => {
          const names = [pg, parent].map((number) => printPgId({ pool: id, pg: number }));
          return `PG ${names[0]} is split from ${names[1]}; give both of them a new term`;
        });
      }
    }
  }

  #checkPools(): void {
    this.#checkSplits();
    if (this.#touchedPools.size > 0) checkPoolNames(this.#pools.view.values());
    if (this.#crush !== this.#before.crush) {
      for (const pool of this.#pools.view.values()) checkPoolRule(pool, this.#crush);
      return;
    }
    for (const id of this.#touchedPools) {
      const pool = this.#pools.get(id);
      if (pool !== undefined) checkPoolRule(pool, this.#crush);
    }
  }

  #checkOsds(): void {
    if (this.#hasNewStores) checkStoreNumbers(this.#osds.view.values());
    const hasNewFeatures = this.#requiredFeatures !== this.#before.requiredFeatures;
    const ids = hasNewFeatures ? this.#osds.view.keys() : this.#touchedOsds.values();
    for (const id of ids) {
      const osd = this.#osds.get(id);
      if (osd !== undefined) checkOsdFeatures(osd, this.#requiredFeatures);
    }
  }
}
