/**
 * What one transaction will change, gathered before anything is changed: it sees its own changes on top of the store's,
 * and is either committed whole, in one turn, or dropped.
 *
 * Reading what only LevelDB knows throws `MissingKeys`; whoever drives the draft fetches them and begins anew.
 */
import type { FetchedValues, Index } from '../index/index.js';
import type { MissingKeys } from '../index/missing-keys.js';
import { afterPrefix, chunkKey, payloadOwnerKey, type KeyRange } from '../format/index-key.js';
import { decodeOmapValue } from '../format/omap-value.js';
import type { PayloadRef } from '../format/payload-ref.js';
import type { PackedEntry } from '../pg/log-block.js';
import type { SegmentTable } from '../segments/segment-table.js';
import type { LogCut, PgState } from '../pg/pg-state.js';
import type { PgTable } from '../pg/pg-table.js';
import type { ObjectId } from '../object-id.js';
import type { PgId } from '../../../cluster/ids.js';

type Change =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'range'; readonly range: KeyRange };

export interface StoreCounters {
  nextShared: number;
  /** How often the store was opened. */
  boot: number;
}

/** A chunk that a transaction left with more extents than it should have. */
export interface CrowdedChunk {
  readonly object: ObjectId;
  readonly chunk: number;
  /** That it had before the transaction; at most as many as it should have, if it had no more. */
  readonly extentsBefore: number;
}

/** The parts of a store that transactions change. */
export interface StoreState {
  /** Of a chunk: drafts note those that have more. Default: none. */
  readonly extentsMax?: number;
  readonly counters: StoreCounters;
  readonly index: Index;
  readonly segments: SegmentTable;
  readonly pgs: PgTable;
}

export class Draft {
  readonly state: StoreState;
  /** The batch that the transaction will be in. */
  readonly batch: number;
  readonly #fetched: FetchedValues | undefined;
  readonly #changes: Change[] = [];
  readonly #overlay = new Map<string, Uint8Array | null>();
  readonly #ranges: KeyRange[] = [];
  readonly #live = new Map<number, number>();
  #objects = 0;
  #bytes = 0;
  #cut: LogCut | undefined;
  #entry: PackedEntry | undefined;
  #trimTo: number | undefined;
  #sharedCount = 0;
  #crowded: Map<string, CrowdedChunk> | undefined;

  constructor(state: StoreState, batch: number, fetched: FetchedValues | undefined) {
    this.state = state;
    this.batch = batch;
    this.#fetched = fetched !== undefined && fetched.version === state.index.version ? fetched : undefined;
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#look(key);
    if (value === undefined) throw this.#missing([key]);
    return value ?? undefined;
  }

  /** In the order of `keys`; all that are missing are named at once. */
  getMany(keys: readonly string[]): (Uint8Array | undefined)[] {
    const values = keys.map((key) => this.#look(key));
    const missing = keys.filter((_, i) => values[i] === undefined);
    if (missing.length > 0) throw this.#missing(missing);
    return values.map((value) => value ?? undefined);
  }

  put(key: string, value: Uint8Array): void {
    this.#changes.push({ kind: 'put', key, value });
    this.#overlay.set(key, value);
  }

  delete(key: string): void {
    this.#changes.push({ kind: 'delete', key });
    this.#overlay.set(key, null);
  }

  removeRange(range: KeyRange): void {
    if (range.gte >= range.lt) return;
    this.#changes.push({ kind: 'range', range });
    for (const key of this.#overlay.keys()) if (key >= range.gte && key < range.lt) this.#overlay.set(key, null);
    this.#ranges.push(range);
  }

  /** So many payload bytes of a segment more are in use, or fewer. */
  addLive(segment: number, bytes: number): void {
    this.#live.set(segment, (this.#live.get(segment) ?? 0) + bytes);
  }

  count(objects: number, bytes: number): void {
    this.#objects += objects;
    this.#bytes += bytes;
  }

  /** Of a payload that becomes shared: never reused, and the same when the batch is replayed. */
  newSharedId(): number {
    const id = this.state.counters.nextShared + this.#sharedCount;
    this.#sharedCount += 1;
    return id;
  }

  /** A chunk has `after` extents now, and had `extentsBefore`. */
  noteExtents(chunk: CrowdedChunk, after: number): void {
    if (after <= (this.state.extentsMax ?? Infinity)) return;
    const key = chunkKey(chunk.object, chunk.chunk);
    this.#crowded ??= new Map();
    if (!this.#crowded.has(key)) this.#crowded.set(key, chunk);
  }

  /** Mostly `undefined`: there are none. */
  get crowded(): readonly CrowdedChunk[] | undefined {
    return this.#crowded === undefined ? undefined : Array.from(this.#crowded.values());
  }

  cutLog(cut: LogCut): void {
    this.#cut = cut;
  }

  appendEntry(entry: PackedEntry): void {
    this.#entry = entry;
  }

  trimLog(seq: number): void {
    this.#trimTo = seq;
  }

  /** Makes it so. Nothing in here can fail but by a bug. */
  commit(pg: PgId | undefined): void {
    const { index, segments } = this.state;
    for (const change of this.#changes) {
      switch (change.kind) {
        case 'put':
          index.put(change.key, change.value);
          break;
        case 'delete':
          index.delete(change.key);
          break;
        case 'range':
          index.removeRange(change.range, (key, value) => {
            forEachBodyOf(key, value, (payload, isMoved) => {
              this.addLive(payload.segment, -payload.bytes);
              if (isMoved) index.delete(payloadOwnerKey(payload));
            });
          });
          break;
      }
    }
    this.state.counters.nextShared += this.#sharedCount;
    for (const [segment, bytes] of this.#live) segments.addLive(segment, bytes, this.batch);
    if (pg !== undefined) this.#commitPg(this.state.pgs.change(pg));
  }

  #commitPg(state: PgState): void {
    const { pgs } = this.state;
    if (this.#objects !== 0 || this.#bytes !== 0) state.count(this.#objects, this.#bytes);
    if (this.#cut !== undefined) pgs.cut(state, this.#cut);
    if (this.#entry !== undefined) pgs.append(state, this.#entry);
    if (this.#trimTo !== undefined) pgs.trim(state, this.#trimTo);
  }

  #missing(keys: readonly string[]): MissingKeys {
    const { missing } = this.state.index;
    missing.keys = keys;
    return missing;
  }

  /** `null`: absent. `undefined`: LevelDB has to be asked. */
  #look(key: string): Uint8Array | null | undefined {
    const own = this.#overlay.get(key);
    if (own !== undefined) return own;
    if (this.#ranges.some((range) => key >= range.gte && key < range.lt)) return null;
    const known = this.state.index.peek(key);
    return known === undefined ? this.#fetched?.values.get(key) : known;
  }
}

/**
 * The payloads that an omap value of the index keeps in use; other keys keep none. Where one `isMoved`, a key of `r` goes
 * with it: left behind, it would name the wrong owner once the segment has its next life.
 */
export function forEachBodyOf(
  key: string,
  value: Uint8Array,
  visit: (payload: PayloadRef, isMoved: boolean) => void,
): void {
  if (key.charCodeAt(0) !== omapSpace) return;
  for (const { payload, isMoved } of decodeOmapValue(value).bodies) {
    if (payload !== undefined) visit(payload, isMoved);
  }
}

const omapSpace = 'm'.charCodeAt(0);

/** Keys of `prefix` from `from` to before `to`, or to the prefix's end. */
export function rangeBelow(prefix: string, from: string, to: string | undefined): KeyRange {
  return { gte: `${prefix}${from}`, lt: to === undefined ? afterPrefix(prefix) : `${prefix}${to}` };
}
