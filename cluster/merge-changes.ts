/**
 * A list of changes as a shorter one of the same effect, for the changes of many commands that share an epoch.
 *
 * Of what a change sets as a whole, only the last counts, in the place of the first; records of a pool become one change,
 * at the end.
 * A removal in between is kept, with what it removes: whether that existed before, the list does not say. Everything
 * stays in an order that can be applied, since what ties things together is checked after the last change only
 * (map-draft.ts).
 */
import { invariant, unreachable } from '../base/invariant.js';
import type { MapChange } from './change.js';
import { printPgId, type PoolId } from './ids.js';
import type { PgRecord } from './pg-record.js';

interface Numbers {
  readonly storeLast: number;
  readonly poolLast: number;
  readonly memberLast: number;
}

/** `applyChanges` with the result equals `applyChanges` with all, on every map where the latter succeeds. */
export function mergeChanges(changes: readonly MapChange[]): MapChange[] {
  const merger = new Merger();
  for (const change of changes) merger.add(change);
  const merged = merger.finish();
  // What is left out used up numbers, too.
  const used = numbersUsed(changes);
  const left = numbersUsed(merged);
  const isSame =
    used.storeLast === left.storeLast && used.poolLast === left.poolLast && used.memberLast === left.memberLast;
  return isSame ? merged : [...merged, { kind: 'numbers', ...used }];
}

/** A place in the result, filled by the last change for it; `undefined` once it has become void. */
interface Slot {
  change: MapChange | undefined;
}

type RecordsChange = MapChange & { readonly kind: 'records' };

class Merger {
  readonly #slots: Slot[] = [];
  /** What the next change of the same thing replaces. */
  readonly #open = new Map<string, Slot>();
  /** They come last in the result, so after their pools, by PG. */
  readonly #records = new Map<PoolId, RecordsChange | Map<number, PgRecord>>();
  readonly #upmaps = new Map<PoolId, Slot[]>();

  add(change: MapChange): Slot | undefined | void {
    switch (change.kind) {
      case 'monitor':
        return this.#set(`monitor ${change.monitor.name}`, change);
      case 'monitor-removed':
        return this.#remove(`monitor ${change.name}`, change);
      case 'osd':
        return this.#set(`osd ${change.osd.id}`, change);
      case 'osd-removed':
        return this.#remove(`osd ${change.id}`, change);
      case 'entity':
        return this.#set(`entity ${change.entity.name}`, change);
      case 'entity-removed':
        return this.#remove(`entity ${change.name}`, change);
      case 'pool':
        return this.#set(`pool ${change.pool.id}`, change);
      case 'pool-removed':
        this.#voidPool(change.id);
        return this.#remove(`pool ${change.id}`, change);
      case 'records':
        return this.#addRecords(change);
      case 'upmap':
        return this.#setUpmap(change);
      case 'flag':
        return this.#set(`flag ${change.flag}`, change);
      case 'config':
        return this.#set(`config ${change.key}`, change);
      case 'crush':
      case 'required-features':
        return this.#set(change.kind, change);
      case 'numbers':
        // Counted for the list as a whole.
        return undefined;
      default:
        return unreachable(change);
    }
  }

  finish(): MapChange[] {
    const merged: MapChange[] = [];
    for (const { change } of this.#slots) if (change !== undefined) merged.push(change);
    for (const [pool, records] of this.#records) {
      merged.push(records instanceof Map ? recordsChange(pool, records) : records);
    }
    return merged;
  }

  /** Takes the place of the last change of `key`, unless that was a removal. */
  #set(key: string, change: MapChange): Slot {
    const open = this.#open.get(key);
    if (open !== undefined) {
      open.change = change;
      return open;
    }
    const slot = { change };
    this.#slots.push(slot);
    this.#open.set(key, slot);
    return slot;
  }

  #remove(key: string, change: MapChange): void {
    this.#slots.push({ change });
    this.#open.delete(key);
  }

  #setUpmap(change: MapChange & { readonly kind: 'upmap' }): void {
    const slot = this.#set(`upmap ${printPgId(change.pg)}`, change);
    const ofPool = this.#upmaps.get(change.pg.pool);
    if (ofPool === undefined) this.#upmaps.set(change.pg.pool, [slot]);
    else ofPool.push(slot);
  }

  /** The first of a pool stays as it is: it may hold a record for each of 65,536 PGs, and mostly remains the only one. */
  #addRecords(change: RecordsChange): void {
    const { pool } = change;
    const present = this.#records.get(pool);
    if (present === undefined) {
      this.#records.set(pool, change);
      return;
    }
    if (present instanceof Map) {
      putRecords(present, change);
      return;
    }
    const both = new Map<number, PgRecord>();
    putRecords(both, present);
    putRecords(both, change);
    this.#records.set(pool, both);
  }

  #voidPool(pool: PoolId): void {
    this.#records.delete(pool);
    for (const slot of this.#upmaps.get(pool) ?? []) slot.change = undefined;
  }
}

function putRecords(slot: Map<number, PgRecord>, { pool, pgs, records }: RecordsChange): void {
  for (const [i, pg] of pgs.entries()) {
    const record = records[i];
    invariant(record !== undefined, 'each PG has its record', { pool, pg });
    slot.set(pg, record);
  }
}

function recordsChange(pool: PoolId, records: ReadonlyMap<number, PgRecord>): MapChange {
  const sorted = [...records].sort(([a], [b]) => a - b);
  return {
    kind: 'records',
    pool,
    pgs: Uint32Array.from(sorted, ([pg]) => pg),
    records: sorted.map(([, record]) => record),
  };
}

/** The highest numbers that applying `changes` uses up. */
function numbersUsed(changes: readonly MapChange[]): Numbers {
  let [storeLast, poolLast, memberLast] = [0, 0, 0];
  for (const change of changes) {
    if (change.kind === 'osd') storeLast = Math.max(storeLast, change.osd.store);
    else if (change.kind === 'pool') poolLast = Math.max(poolLast, change.pool.id);
    else if (change.kind === 'monitor') memberLast = Math.max(memberLast, change.monitor.member);
    else if (change.kind === 'numbers') {
      storeLast = Math.max(storeLast, change.storeLast);
      poolLast = Math.max(poolLast, change.poolLast);
      memberLast = Math.max(memberLast, change.memberLast);
    }
  }
  return { storeLast, poolLast, memberLast };
}
