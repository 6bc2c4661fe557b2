/**
 * Brings the store from its last checkpoint to the end of its log, and tells a torn end from rot.
 *
 * One batch is in flight at a time, so after a crash at most the last one is torn. A batch that does not verify while one
 * with a higher number does, or while something durable says that the log went on, was there once: that is rot.
 */
import { CairnError, isCairnError } from '../../../base/errors.js';
import { applyAhead } from '../apply/apply-ahead.js';
import { applyMerge } from '../apply/apply-merge.js';
import { applyMoves } from '../apply/apply-moves.js';
import { applyRelease } from '../apply/apply-release.js';
import { applyTransaction } from '../apply/apply-transaction.js';
import type { Draft, StoreState } from '../apply/draft.js';
import { likelyKeys } from '../apply/likely-keys.js';
import { look } from '../apply/look.js';
import {
  batchHeaderBytes,
  decodeBatchHeader,
  headNames,
  type BatchPlace,
  type LogHeads,
} from '../format/batch-header.js';
import { pageBytes } from '../limits.js';
import type { PayloadRef } from '../format/payload-ref.js';
import { readBatch, type BatchFrame, type ReadBatch } from './batch-reader.js';
import { moveHeads, type LogPosition } from './log-writer.js';
import type { SegmentFiles } from './segment-files.js';

export interface ReplayOptions {
  readonly storeSeed: bigint;
  readonly segmentBytes: number;
  /** Of the checkpoint. */
  readonly from: LogPosition;
  /** The log was durable up to this batch: an earlier end is rot. */
  readonly durableBatch: number;
  /** Called behind each batch, with the log's position there. It may be the last, and not be durable (`writeAgain`). */
  readonly afterBatch: (position: LogPosition, batch: ReadBatch) => Promise<void>;
  /** Where batches are missing behind `end`: where the log goes on instead, durably. Default: that is an error. */
  readonly pastRot?: PastRotStep | undefined;
}

export type PastRotStep = (end: LogEnd, rot: CairnError) => Promise<LogPosition>;

/** Of the part of the log that is whole. */
export interface LogEnd {
  readonly position: LogPosition;
  /** May not be durable: `writeAgain`. */
  readonly last: ReadBatch | undefined;
}

export interface ReplayResult {
  readonly position: LogPosition;
  /** May not be durable: `writeAgain`. */
  readonly last: ReadBatch | undefined;
  readonly batches: number;
  readonly bytes: number;
}

/** `LOG_CORRUPT` when batches are missing or damaged that were durable once. */
export async function replay(state: StoreState, files: SegmentFiles, options: ReplayOptions): Promise<ReplayResult> {
  let position = options.from;
  let bytes = 0;
  let last: ReadBatch | undefined;
  for (;;) {
    const batch = await findNext(files, position, options);
    if (batch === undefined) break;
    moveHeads(state.segments, position.heads, batch.header.heads, batch.header.number);
    await fetchLikely(state, batch);
    for (const frame of batch.frames) await applyFrame(state, frame, batch.header.number);
    const { number, place } = batch.header;
    const end = Math.ceil((place.offset + batch.header.bytes) / pageBytes) * pageBytes;
    state.segments.wrote(place.segment, number, end);
    position = { number, checksum: batch.checksum, heads: batch.header.heads };
    bytes += batch.header.bytes;
    last = batch;
    await options.afterBatch(position, batch);
  }
  const batches = position.number - options.from.number;
  try {
    await checkEnd(files, position, options);
  } catch (error) {
    if (options.pastRot === undefined || !isCairnError(error, 'LOG_CORRUPT')) throw error;
    position = await options.pastRot({ position, last }, error);
    last = undefined;
  }
  return { position, last, batches, bytes };
}

/** What the batch's transactions will look at, fetched at once: one by one, replay would wait for each of them. */
async function fetchLikely({ index }: StoreState, { frames }: ReadBatch): Promise<void> {
  const keys = new Set<string>();
  for (const { record } of frames) {
    if (record.kind !== 'transaction') continue;
    for (const key of likelyKeys(record.transaction)) if (index.peek(key) === undefined) keys.add(key);
  }
  if (keys.size <= 1) return;
  try {
    await index.fetch([...keys]);
  } catch (error) {
    // A damaged value that a transaction needs is found when it asks.
    if (!isCairnError(error, 'CORRUPT')) throw error;
  }
}

/** What the frame did when it was written. Batches were applied in order, and so are frames. */
export async function applyFrame(state: StoreState, frame: BatchFrame, batch: number): Promise<void> {
  const refs = frame.payloads.map(({ ref }) => ref);
  const { record } = frame;
  const likely = record.kind === 'transaction' ? () => likelyKeys(record.transaction) : undefined;
  await look(state, batch, (draft) => applyRecord(draft, frame, refs), likely);
}

function applyRecord(draft: Draft, { record }: BatchFrame, refs: readonly PayloadRef[]): void {
  switch (record.kind) {
    case 'transaction':
      applyTransaction(draft, record.transaction, refs);
      draft.commit(record.transaction.pg);
      return;
    case 'move':
      applyMoves(draft, record.moves, refs);
      draft.commit(undefined);
      return;
    case 'merge':
      applyMerge(draft, record.merge, refs);
      draft.commit(undefined);
      return;
    case 'release':
      applyRelease(draft, record.keys);
      draft.commit(undefined);
      return;
    case 'ahead':
      applyAhead(draft, record.ahead);
      draft.commit(undefined);
      return;
    case 'open':
      draft.state.counters.boot = record.boot;
      return;
  }
}

async function findNext(
  files: SegmentFiles,
  { number, checksum, heads }: LogPosition,
  options: ReplayOptions,
): Promise<ReadBatch | undefined> {
  for (const name of headNames) {
    const place = heads[name];
    if (place === undefined) continue;
    const batch = await readAt(files, place, options);
    if (batch !== undefined && batch.header.number === number + 1 && batch.header.previous === checksum) return batch;
  }
  return undefined;
}

async function readAt(files: SegmentFiles, place: BatchPlace, options: ReplayOptions): Promise<ReadBatch | undefined> {
  try {
    return await files.read(place.segment, (file) => readBatch(file, place, options));
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

async function checkEnd(files: SegmentFiles, position: LogPosition, options: ReplayOptions): Promise<void> {
  const { number, heads } = position;
  if (options.durableBatch > number) {
    throw rot(number, `batch ${options.durableBatch} was durable when the last checkpoint was written`);
  }
  for (const place of placesOf(heads)) {
    const header = await files.readHeader(place.segment);
    if (header?.generation !== place.generation) {
      throw rot(number, `${files.path(place.segment)}, where it may go on, is missing or damaged`);
    }
    const later = await findLater(files, place, number + 1, options);
    if (later !== undefined) throw rot(number, `batch ${later} is there, in ${files.path(place.segment)}`);
  }
}

/** The number of a batch above `number` whose header stands behind `place` in its segment. */
async function findLater(
  files: SegmentFiles,
  place: BatchPlace,
  number: number,
  { storeSeed, segmentBytes }: ReplayOptions,
): Promise<number | undefined> {
  const window = new Uint8Array(Math.min(1024 * 1024, segmentBytes));
  for (let start = place.offset; start < segmentBytes; start += window.byteLength) {
    const target = window.subarray(0, Math.min(window.byteLength, segmentBytes - start));
    const count = await files.read(place.segment, (file) => file.read(target, start));
    for (let at = 0; at + batchHeaderBytes <= count; at += pageBytes) {
      const found = decodeBatchHeader(target.subarray(at, at + batchHeaderBytes), storeSeed, {
        ...place,
        offset: start + at,
      });
      if (found !== undefined && found.header.number > number) return found.header.number;
    }
    if (count < target.byteLength) return undefined;
  }
  return undefined;
}

function placesOf(heads: LogHeads): BatchPlace[] {
  return headNames.flatMap((name) => heads[name] ?? []);
}

function rot(number: number, why: string): CairnError {
  const message = `the log of the store ends at batch ${number}, but ${why}: what was written since is damaged or lost`;
  return new CairnError(
    'LOG_CORRUPT',
    `${message}; run cairn osd fsck to see what, or rebuild this OSD from its peers`,
    {
      details: { lastGood: number },
    },
  );
}
