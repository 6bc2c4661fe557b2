/**
 * Writes the frozen layer into LevelDB: one atomic, synced batch, filled in slices, never on the way of an acknowledgement.
 *
 *     sealed batch n ──► freeze: layer, segments and PGs as of n ──► n durable? ──► walk removed ranges ──► write ──► thaw
 */
import { isCairnError } from '../../../base/errors.js';
import { invariant } from '../../../base/invariant.js';
import type { KvBatchBuilder } from '../../../runtime/kv.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { forEachBodyOf, type StoreState } from '../apply/draft.js';
import { checkpointKey, newestCheckpointKey, payloadOwnerKey, segmentKey } from '../format/index-key.js';
import type { Layer } from '../index/layer.js';
import type { PayloadRef } from '../format/payload-ref.js';
import type { LogPosition } from '../log/log-writer.js';
import type { Ballast } from '../space/ballast.js';
import { encodeSegmentInfo, type SegmentInfo } from '../segments/segment-table.js';
import { TimeSlices } from '../time-slices.js';
import { encodeCheckpointRecord, markersMax, type CheckpointRecord } from './checkpoint-record.js';
import { markerValue } from './load.js';

/** Operations between two looks at the clock: 30 us. */
const operationsPerLook = 16;

/**
 * A slice of a checkpoint comes between a write of the log and whoever waits for it. So it is short, a quarter of what such a write
 * takes, as long as there is time: the fuller the next layer is, for which this one has to be out of the way, the longer.
 */
const sliceMsMin = 0.1;
const sliceMsMax = 2;

interface Frozen {
  readonly layer: Layer;
  readonly position: LogPosition;
  readonly segments: Map<number, SegmentInfo>;
  readonly boot: number;
  readonly nextShared: number;
}

export class Checkpointer {
  readonly #runtime: Runtime;
  readonly #state: StoreState;
  readonly #ballast: Ballast | undefined;
  readonly #layerBytesMax: number | undefined;
  #last: CheckpointRecord;
  #frozen: Frozen | undefined;
  #damagedValues = 0;

  /** `layerBytesMax`: of the layer that transactions go to meanwhile. Default: there are none. */
  constructor(runtime: Runtime, state: StoreState, last: CheckpointRecord, ballast?: Ballast, layerBytesMax?: number) {
    this.#ballast = ballast;
    this.#layerBytesMax = layerBytesMax;
    this.#runtime = runtime;
    this.#state = state;
    this.#last = last;
  }

  /** The newest durable one. */
  get last(): CheckpointRecord {
    return this.#last;
  }

  /** Removed values that could not be read, so that what they kept in use is counted for ever: until `fsck --repair`. */
  get damagedValues(): number {
    return this.#damagedValues;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  /** The batch that the checkpoint under way will cover. */
  get frozenBatch(): number | undefined {
    return this.#frozen?.position.number;
  }

  /** Takes the state as it is now, at the end of the batch of `position`. */
  freeze(position: LogPosition): void {
    invariant(this.#frozen === undefined, 'one checkpoint at a time');
    const { index, segments, pgs, counters } = this.#state;
    pgs.flush();
    this.#frozen = {
      layer: index.freeze(),
      position,
      segments: segments.takeDirty(),
      boot: counters.boot,
      nextShared: counters.nextShared,
    };
  }

  /** Writes what was frozen. Only once its batch is durable; `durableBatch` is the last one that is. */
  async write(durableBatch: number): Promise<void> {
    const frozen = this.#frozen;
    invariant(frozen !== undefined, 'a checkpoint is under way');
    invariant(durableBatch >= frozen.position.number, 'a checkpoint is written after its log is durable');
    await this.#ballast?.ensureRoom(frozen.layer.bytes);
    const batch = this.#state.index.kv.newBatch();
    const slices = new TimeSlices(this.#runtime.clock, operationsPerLook, () => this.#sliceMs);
    await this.#writeRanges(frozen, batch, slices);
    await this.#writePoints(frozen.layer, batch, slices);
    for (const [segment, info] of frozen.segments) {
      batch.put(segmentKey(segment), encodeSegmentInfo(info));
      if (slices.isOver()) await slices.next();
    }
    const record = this.#record(frozen, durableBatch);
    const bytes = encodeCheckpointRecord(record);
    batch.put(newestCheckpointKey, bytes);
    batch.put(checkpointKey(record.number), markerValue(bytes));
    if (record.number > markersMax) batch.delete(checkpointKey(record.number - markersMax));
    await batch.write({ sync: true });
    this.#last = record;
    this.#frozen = undefined;
    this.#state.index.thaw();
  }

  get #sliceMs(): number {
    if (this.#layerBytesMax === undefined) return sliceMsMax;
    return Math.max(sliceMsMin, sliceMsMax * Math.min(1, this.#state.index.active.bytes / this.#layerBytesMax));
  }

  #record({ position, boot, nextShared }: Frozen, durableBatch: number): CheckpointRecord {
    const { number, checksum, heads } = position;
    const next = this.#last.number + 1;
    return { number: next, batch: number, batchChecksum: checksum, heads, durableBatch, boot, nextShared };
  }

  /**
   * Deletes what LevelDB has in the removed ranges, and counts what those values kept in use: they are dead since the
   * frozen batch, for this checkpoint and for everything after it.
   *
   * A value that is damaged goes as well. What it kept in use nobody knows, and so stays counted: its segments seem fuller
   * than they are and are never recycled, with whatever keys of `r` they have, until fsck counts anew. To stop here instead
   * would stop every later checkpoint too, and with them the store, for a value that nobody wants any more.
   */
  async #writeRanges(frozen: Frozen, batch: KvBatchBuilder, slices: TimeSlices): Promise<void> {
    const { layer, position } = frozen;
    const dead = new Map<number, number>();
    let damaged = 0;
    for (const range of layer.ranges()) {
      const onDamaged = (key: string): void => {
        damaged += 1;
        // A key that rotted may be anybody's.
        if (key >= range.gte && key < range.lt && !layer.hasPoint(key)) batch.delete(key);
      };
      const iterator = this.#state.index.kv.iterate({ ...range, onDamaged });
      try {
        for (;;) {
          const entries = await iterator.next(1_000);
          if (entries.length === 0) break;
          for (const { key, value } of entries) {
            const isPoint = layer.hasPoint(key);
            if (!isPoint) batch.delete(key);
            if (isPoint && !layer.isUncounted(key)) continue;
            const isKnown = visitBodies(key, value, (payload, isMoved) => {
              dead.set(payload.segment, (dead.get(payload.segment) ?? 0) + payload.bytes);
              if (isMoved) batch.delete(payloadOwnerKey(payload));
            });
            if (!isKnown) damaged += 1;
            if (slices.isOver()) await slices.next();
          }
        }
      } finally {
        await iterator.close();
      }
    }
    for (const [segment, bytes] of dead) this.#bury(frozen, segment, bytes, position.number);
    if (damaged > 0) this.#reportDamage(damaged);
  }

  #reportDamage(values: number): void {
    this.#damagedValues += values;
    const message = 'removed values of the index were damaged: what they kept in use stays counted; run cairn osd fsck';
    this.#runtime.log.error({ values }, `${message} --repair on the stopped OSD`);
  }

  #bury({ segments }: Frozen, segment: number, bytes: number, batch: number): void {
    const before = segments.get(segment) ?? this.#state.segments.asOfFreeze(segment);
    segments.set(segment, {
      ...before,
      liveBytes: before.liveBytes - bytes,
      diedAt: Math.max(before.diedAt, batch),
    });
    this.#state.segments.addLive(segment, -bytes, batch);
  }

  async #writePoints(layer: Layer, batch: KvBatchBuilder, slices: TimeSlices): Promise<void> {
    const { index } = this.#state;
    // A frozen layer does not change.
    const cursor = layer.viewPoints();
    while (cursor.next()) {
      const { key, value } = cursor;
      if (value === null) batch.delete(key);
      else batch.put(key, value);
      index.wrote(key, value);
      if (slices.isOver()) await slices.next();
    }
  }
}

/** False for a value that cannot be decoded. */
function visitBodies(key: string, value: Uint8Array, visit: (payload: PayloadRef, isMoved: boolean) => void): boolean {
  try {
    forEachBodyOf(key, value, visit);
    return true;
  } catch (error) {
    if (!isCairnError(error, 'PARSE_ERROR')) throw error;
    return false;
  }
}
