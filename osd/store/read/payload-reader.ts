/**
 * Reads payloads back, whole checksum blocks at a time: what it returns was verified, always. While it reads, the segment
 * is pinned and so not recycled.
 */
import { CairnError, isCairnError } from '../../../base/errors.js';
import { invariant } from '../../../base/invariant.js';
import { batchSeed, blockChecksum, checksumBytes, type PayloadRef } from '../format/payload-ref.js';
import type { LogWriter } from '../log/log-writer.js';
import type { SegmentFiles } from '../log/segment-files.js';
import { PayloadCache } from './payload-cache.js';
import type { ReadBuffers } from './read-buffers.js';
import { ReadSlots } from './read-slots.js';

/** What is wanted of a payload. */
export interface PayloadRange {
  readonly payload: PayloadRef;
  readonly owner: bigint;
  readonly skip: number;
  readonly bytes: number;
}

/** Bytes of the payload's segment, from `start` on. */
export interface KnownBytes {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Blocks of a read, on the disk and in memory. */
interface Layout {
  readonly blockBytes: number;
  /** Of the first block, in the segment. */
  readonly start: number;
  /** Of all blocks, without checksums. */
  readonly dataBytes: number;
  readonly blocks: number;
  /** Where the wanted bytes begin in the first block. */
  readonly skip: number;
}

/** Of a pool of eight threads, four are for commits and LevelDB. */
export const readsMaxDefault = 4;

export interface PayloadReaderOptions {
  /** Reads of segments under way. Default 4. */
  readonly readsMax?: number;
  /** What `readCached` keeps. Default 0. */
  readonly cacheBytes?: number;
}

export class PayloadReader {
  readonly cache: PayloadCache;
  readonly #files: SegmentFiles;
  readonly #writer: Pick<LogWriter, 'readPending'>;
  readonly #storeSeed: bigint;
  readonly #slots: ReadSlots;

  constructor(
    files: SegmentFiles,
    writer: Pick<LogWriter, 'readPending'>,
    storeSeed: bigint,
    { readsMax = readsMaxDefault, cacheBytes = 0 }: PayloadReaderOptions = {},
  ) {
    this.cache = new PayloadCache(cacheBytes);
    this.#slots = new ReadSlots(readsMax);
    this.#files = files;
    this.#writer = writer;
    this.#storeSeed = storeSeed;
  }

  /** Keeps the payload's segment until `release`: to be called in the turn in which the index named the payload. */
  hold(payload: PayloadRef): void {
    this.#files.pin(payload.segment);
  }

  release(payload: PayloadRef): void {
    this.#files.unpin(payload.segment);
  }

  /**
   * The bytes, of a payload that is held. `what` names them in errors: `CORRUPT` when a checksum fails, `IO_ERROR` when the
   * disk cannot read them. `known` spares a read of bytes that the caller has; they are verified like any others. Read into
   * `buffers`, if given.
   */
  async read(
    range: PayloadRange,
    what: () => string,
    { known, buffers }: { readonly known?: KnownBytes; readonly buffers?: ReadBuffers | undefined } = {},
  ): Promise<Uint8Array> {
    const { payload, owner, bytes } = range;
    const layout = layoutOf(range);
    const data = buffers?.take(layout.dataBytes) ?? Buffer.allocUnsafe(layout.dataBytes);
    const sums = Buffer.allocUnsafe(layout.blocks * checksumBytes);
    const targets = interleave(data, sums, layout);
    const isKnown = known !== undefined && copyKnown(known, layout, targets);
    if (!isKnown && !this.#readPending(payload.segment, layout, targets)) {
      await this.#readFile(range, layout, targets, what);
    }
    const seed = batchSeed(this.#storeSeed, payload.batch, payload.segment);
    for (let block = 0; block < layout.blocks; block++) {
      const from = block * layout.blockBytes;
      const part = data.subarray(from, Math.min(from + layout.blockBytes, layout.dataBytes));
      const at = layout.start + block * (layout.blockBytes + checksumBytes);
      if (sums.readBigUInt64LE(block * checksumBytes) !== blockChecksum(part, seed, owner, at)) {
        throw damaged('CORRUPT', 'does not match its checksum', payload, at, what());
      }
    }
    return new Uint8Array(data.buffer, data.byteOffset + layout.skip, bytes);
  }

  /**
   * As `read`, but what was read lately may come from memory, as it was verified then. What is returned is not to be changed; it is in
   * `buffers` unless it is to be kept.
   */
  async readCached(range: PayloadRange, what: () => string, buffers: ReadBuffers | undefined): Promise<Uint8Array> {
    const { payload, skip, bytes } = range;
    const known = this.cache.get(payload);
    if (known !== undefined) return known.subarray(skip, skip + bytes);
    if (bytes < payload.bytes || !this.cache.keeps(payload)) return await this.read(range, what, { buffers });
    const read = await this.read(range, what);
    this.cache.add(payload, read);
    return read;
  }

  /** From a batch that is not durable yet. */
  #readPending(segment: number, layout: Layout, targets: readonly Uint8Array[]): boolean {
    let at = layout.start;
    for (const target of targets) {
      // A batch is pending as a whole: the first piece tells.
      if (!this.#writer.readPending(target, segment, at)) return false;
      at += target.byteLength;
    }
    return true;
  }

  async #readFile(
    { payload }: PayloadRange,
    { start }: Layout,
    targets: readonly Uint8Array[],
    what: () => string,
  ): Promise<void> {
    const wanted = targets.reduce((sum, target) => sum + target.byteLength, 0);
    let count: number;
    try {
      count = await this.#slots.run(() => this.#files.read(payload.segment, (file) => file.readv(targets, start)));
    } catch (error) {
      if (isCairnError(error, 'CLOSED')) throw error;
      throw damaged('IO_ERROR', 'cannot be read from the disk', payload, start, what(), error);
    }
    if (count < wanted) throw damaged('CORRUPT', 'lies beyond the end of its file', payload, start, what());
  }
}

/** False when they are not all there. */
function copyKnown({ start, bytes }: KnownBytes, layout: Layout, targets: readonly Uint8Array[]): boolean {
  let at = layout.start - start;
  const wanted = targets.reduce((sum, target) => sum + target.byteLength, 0);
  if (at < 0 || at + wanted > bytes.byteLength) return false;
  for (const target of targets) {
    target.set(bytes.subarray(at, at + target.byteLength), 0);
    at += target.byteLength;
  }
  return true;
}

function layoutOf({ payload, skip, bytes }: PayloadRange): Layout {
  invariant(bytes > 0 && skip >= 0 && skip + bytes <= payload.bytes, 'what is read is in its payload', { skip, bytes });
  const blockBytes = 2 ** payload.blockShift;
  const first = Math.floor(skip / blockBytes);
  const last = Math.floor((skip + bytes - 1) / blockBytes);
  const dataBytes = Math.min((last + 1) * blockBytes, payload.bytes) - first * blockBytes;
  const start = payload.offset + first * (blockBytes + checksumBytes);
  return { blockBytes, start, dataBytes, blocks: last - first + 1, skip: skip - first * blockBytes };
}

/** Block, checksum, block, checksum, …, as they stand in the log. */
function interleave(data: Uint8Array, sums: Uint8Array, { blockBytes, blocks }: Layout): Uint8Array[] {
  const targets: Uint8Array[] = [];
  for (let block = 0; block < blocks; block++) {
    targets.push(data.subarray(block * blockBytes, (block + 1) * blockBytes));
    targets.push(sums.subarray(block * checksumBytes, (block + 1) * checksumBytes));
  }
  return targets;
}

function damaged(
  code: 'CORRUPT' | 'IO_ERROR',
  why: string,
  payload: PayloadRef,
  offset: number,
  what: string,
  cause?: unknown,
): CairnError {
  const where = `segment ${payload.segment} at ${offset}`;
  const message = `${what}: what is stored in ${where} ${why}; another replica has to repair it`;
  return new CairnError(code, message, { cause, details: { segment: payload.segment, offset, batch: payload.batch } });
}
