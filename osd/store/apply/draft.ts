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
import type { LogCut, PgState, SplitParts } from '../pg/pg-state.js';
import type { PgTable } from '../pg/pg-table.js';
import { bulkBytesMin } from '../limits.js';
import type { ObjectId } from '../object-id.js';
import type { PgId } from '../../../cluster/ids.js';

type Change =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'range'; readonly range: KeyRange };

export interface StoreCounters {
  nextShared: number;
  /** Objects that let go of many chunks, in the newest batch in which some did: for keys of `d` of their own. */
  discards?: { readonly batch: number; readonly count: number };
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
  /**
   * Index values of chunks, in bytes, that a transaction rewrites at most (`limits.ts`). Whether the one that is replayed decides
   * by the same number makes no difference to what the objects have.
   */
  readonly bulkBytesMin?: number;
  readonly counters: StoreCounters;
  readonly index: Index;
  readonly segments: SegmentTable;
  readonly pgs: PgTable;
}

export class Draft {
  readonly state: StoreState;
  /** The batch that the transaction will be in. */
  readonly batch: number;
  /** Whoever drives the draft can have a clone made ahead first (`CloneFirst`). Never when it is replayed. */
  readonly mayWait: boolean;
  readonly #fetched: FetchedValues | undefined;
  #changes: Change[] | undefined;
  /** What `#changes` did to each key, up to `#shown`: brought up to date by whoever looks, and mostly nobody does. */
  #overlay: Map<string, Uint8Array | null> | undefined;
  #ranges: KeyRange[] | undefined;
  #shown = 0;
  /** Mostly one segment: the first has no need of the map. */
  #segment = -1;
  #segmentLive = 0;
  #live: Map<number, number> | undefined;
  #objects = 0;
  #bytes = 0;
  #cut: LogCut | undefined;
  #split: SplitParts | undefined;
  readonly #entries: PackedEntry[] = [];
  #trimTo: number | undefined;
  #sharedCount = 0;
  #discardCount = 0;
  #crowded: Map<string, CrowdedChunk> | undefined;

  constructor(state: StoreState, batch: number, fetched: FetchedValues | undefined, mayWait = false) {
    this.state = state;
    this.batch = batch;
    this.mayWait = mayWait;
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
    this.#add({ kind: 'put', key, value });
  }

  delete(key: string): void {
    this.#add({ kind: 'delete', key });
  }

  removeRange(range: KeyRange): void {
    if (range.gte >= range.lt) return;
    this.#add({ kind: 'range', range });
  }

  /** So many payload bytes of a segment more are in use, or fewer. */
  addLive(segment: number, bytes: number): void {
    if (this.#segment < 0) this.#segment = segment;
    if (segment === this.#segment) {
      this.#segmentLive += bytes;
      return;
    }
    this.#live ??= new Map<number, number>();
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

  get bulkBytesMin(): number {
    return this.state.bulkBytesMin ?? bulkBytesMin;
  }

  /** What chunks that are let go of are kept under, with the batch (`discardKey`). */
  newDiscard(): number {
    this.#discardCount += 1;
    return this.#discardsBefore + this.#discardCount - 1;
  }

  get #discardsBefore(): number {
    const { discards } = this.state.counters;
    return discards?.batch === this.batch ? discards.count : 0;
  }

  /** Chunks are to be released. */
  get hasDiscards(): boolean {
    return this.#discardCount > 0;
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

  /** In a transaction that changes nothing else of the PG's log. */
  splitPg(parts: SplitParts): void {
    this.#split = parts;
  }

  /** The entry's bytes are lent until the commit. */
  appendEntry(entry: PackedEntry): void {
    this.#entries.push(entry);
  }

  trimLog(seq: number): void {
    this.#trimTo = seq;
  }

  /** Makes it so. Nothing in here can fail but by a bug. */
  commit(pg: PgId | undefined): void {
    const { index, segments } = this.state;
    for (const change of this.#changes ?? []) {
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
    const { counters } = this.state;
    counters.nextShared += this.#sharedCount;
    if (this.#discardCount > 0) {
      counters.discards = { batch: this.batch, count: this.#discardsBefore + this.#discardCount };
    }
    if (this.#segment >= 0) segments.addLive(this.#segment, this.#segmentLive, this.batch);
    if (this.#live !== undefined) {
      for (const [segment, bytes] of this.#live) segments.addLive(segment, bytes, this.batch);
    }
    if (pg !== undefined) this.#commitPg(this.state.pgs.change(pg));
  }

  #commitPg(state: PgState): void {
    const { pgs } = this.state;
    if (this.#objects !== 0 || this.#bytes !== 0) state.count(this.#objects, this.#bytes);
    if (this.#cut !== undefined) pgs.cut(state, this.#cut);
    for (const entry of this.#entries) pgs.append(state, entry);
    if (this.#trimTo !== undefined) pgs.trim(state, this.#trimTo);
    if (this.#split !== undefined) pgs.split(state, this.#split);
  }

  #missing(keys: readonly string[]): MissingKeys {
    const { missing } = this.state.index;
    missing.keys = keys;
    return missing;
  }

  /** `null`: absent. `undefined`: LevelDB has to be asked. */
  #look(key: string): Uint8Array | null | undefined {
    if (this.#changes !== undefined && this.#shown < this.#changes.length) this.#showChanges(this.#changes);
    const own = this.#overlay?.get(key);
    if (own !== undefined) return own;
    if (this.#ranges?.some((range) => key >= range.gte && key < range.lt) === true) return null;
    const known = this.state.index.peek(key);
    return known === undefined ? this.#fetched?.values.get(key) : known;
  }

  /** Of one, as most are; an empty list that grows has room for 17. */
  #add(change: Change): void {
    if (this.#changes === undefined) this.#changes = [change];
    else this.#changes.push(change);
  }

  #showChanges(changes: readonly Change[]): void {
    const overlay = (this.#overlay ??= new Map<string, Uint8Array | null>());
    for (; this.#shown < changes.length; this.#shown++) {
      const change = changes[this.#shown];
      if (change?.kind === 'put') overlay.set(change.key, change.value);
      else if (change?.kind === 'delete') overlay.set(change.key, null);
      else if (change !== undefined) this.#showRange(overlay, change.range);
    }
  }

  #showRange(overlay: Map<string, Uint8Array | null>, range: KeyRange): void {
    for (const key of overlay.keys()) if (key >= range.gte && key < range.lt) overlay.set(key, null);
    (this.#ranges ??= []).push(range);
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
