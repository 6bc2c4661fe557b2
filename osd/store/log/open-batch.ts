/**
 * The batch that is being formed: frames are added, their places are known at once, and until the batch is durable its
 * payloads are read from here.
 *
 *     slab: header … record, checksum, small payloads … │ lent: one large block │ slab: its checksum … │ …
 *
 * Small payloads are copied into slabs, one buffer for many; large ones are written from where the caller has them.
 */
import { invariant } from '../../../base/invariant.js';
import { xxh64 } from '../../../base/xxh64.js';
import {
  batchHeaderBytes,
  fillBatchHeader,
  firstFrameSeed,
  type BatchPlace,
  type LogHeads,
} from '../format/batch-header.js';
import { batchSeed, blockChecksum, checksumBytes, storedBytes, type PayloadRef } from '../format/payload-ref.js';
import { pageBytes } from '../limits.js';
import type { Payload } from '../transaction.js';
import type { Slab, SlabPool } from './slabs.js';

/** Length and checksum of a record. */
export const frameOverheadBytes = 4 + 8;

/** Pieces up to here are copied: an entry in the list of the write costs about as much. */
const copiedBytesMax = 16 * 1024;

export interface FramePayload {
  readonly payload: Payload;
  readonly blockShift: number;
  readonly owner: bigint;
}

export interface BatchOptions {
  readonly storeSeed: bigint;
  readonly number: number;
  readonly place: BatchPlace;
  readonly isCold: boolean;
  readonly slabs: SlabPool;
}

export class OpenBatch {
  readonly number: number;
  readonly place: BatchPlace;
  readonly isCold: boolean;
  readonly #storeSeed: bigint;
  readonly #payloadSeed: bigint;
  readonly #chunks: Uint8Array[] = [];
  /** Of each chunk, from the batch's start. */
  readonly #starts: number[] = [];
  readonly #pool: SlabPool;
  readonly #slabs: Slab[] = [];
  #slab: Slab;
  #slabStart = 0;
  #slabEnd = 0;
  #bytes = 0;
  #frames = 0;
  #chain: bigint;
  #checksum: bigint | undefined;

  constructor(options: BatchOptions) {
    this.number = options.number;
    this.place = options.place;
    this.isCold = options.isCold;
    this.#storeSeed = options.storeSeed;
    this.#payloadSeed = batchSeed(options.storeSeed, options.number, options.place.segment);
    this.#chain = firstFrameSeed(options.storeSeed, options.number, options.place);
    this.#pool = options.slabs;
    this.#slab = this.#takeSlab(batchHeaderBytes);
    this.#reserve(batchHeaderBytes);
  }

  /** From the header to the end of the last frame. */
  get bytes(): number {
    return this.#bytes;
  }

  get frames(): number {
    return this.#frames;
  }

  /** On the disk, padding included. */
  get pagedBytes(): number {
    return pagesOf(this.#bytes);
  }

  /** Where the payloads of a frame would be that is added next. */
  placesOf(recordBytes: number, payloads: readonly FramePayload[]): PayloadRef[] {
    const { segment } = this.place;
    let offset = this.place.offset + this.#bytes + frameOverheadBytes + recordBytes;
    const refs: PayloadRef[] = [];
    for (const { payload, blockShift } of payloads) {
      refs.push({ segment, offset, bytes: payload.bytes, blockShift, batch: this.number });
      offset += storedBytes(payload.bytes, blockShift);
    }
    return refs;
  }

  /** Adds a frame; `payloads` are lent until the batch is durable. */
  add(record: Uint8Array, payloads: readonly FramePayload[]): void {
    const at = this.#reserve(record.byteLength + frameOverheadBytes);
    const { bytes, view } = this.#slab;
    view.setUint32(at, record.byteLength, true);
    bytes.set(record, at + 4);
    this.#chain = xxh64(record, this.#chain);
    view.setBigUint64(at + 4 + record.byteLength, this.#chain, true);
    this.#frames += 1;
    for (const payload of payloads) this.#addPayload(payload);
  }

  /** Finishes the batch. Its bytes are `chunks`; its checksum is what the next one names. */
  seal(previous: bigint, heads: LogHeads): { readonly chunks: readonly Uint8Array[]; readonly checksum: bigint } {
    const { number, place } = this;
    const header = { number, place, bytes: this.#bytes, frames: this.#frames, lastFrame: this.#chain, previous, heads };
    const padding = this.pagedBytes - this.#bytes;
    if (padding > 0) {
      const at = this.#reserve(padding);
      this.#slab.bytes.fill(0, at, at + padding);
    }
    this.#closeSlab();
    const [first] = this.#slabs;
    invariant(first !== undefined, 'a batch begins with its header, at the beginning of its first slab');
    this.#checksum = fillBatchHeader(first, header, this.#storeSeed);
    return { chunks: this.#chunks, checksum: this.#checksum };
  }

  get checksum(): bigint {
    invariant(this.#checksum !== undefined, 'the batch is sealed');
    return this.#checksum;
  }

  /** The batch is on the disk: nobody reads it from here any more. */
  release(): void {
    for (const slab of this.#slabs) this.#pool.give(slab);
    this.#slabs.length = 0;
  }

  /** Whether bytes at this place of the log are here. */
  holds(segment: number, offset: number): boolean {
    return segment === this.place.segment && offset >= this.place.offset && offset < this.place.offset + this.#bytes;
  }

  /** Copies bytes of the batch, from an offset in its segment. */
  read(target: Uint8Array, offset: number): void {
    let at = offset - this.place.offset;
    invariant(at >= 0 && at + target.byteLength <= this.#bytes, 'the bytes are in the batch', { offset });
    let filled = 0;
    for (let i = this.#chunkAt(at); filled < target.byteLength; i++) {
      const chunk = this.#chunks[i] ?? this.#slab.bytes.subarray(this.#slabStart, this.#slabEnd);
      const start = this.#starts[i] ?? this.#bytes - (this.#slabEnd - this.#slabStart);
      const part = chunk.subarray(at - start, at - start + target.byteLength - filled);
      target.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
    }
  }

  #addPayload({ payload, blockShift, owner }: FramePayload): void {
    const blockBytes = 1 << blockShift;
    const [first] = payload.pieces;
    if (first?.byteLength === payload.bytes && payload.bytes <= Math.min(blockBytes, copiedBytesMax)) {
      this.#addSmall(first, owner);
      return;
    }
    const source = new PieceReader(payload.pieces);
    for (let done = 0; done < payload.bytes; done += blockBytes) {
      const bytes = Math.min(blockBytes, payload.bytes - done);
      const at = this.place.offset + this.#bytes;
      const block = this.#appendBlock(source, bytes);
      this.#appendChecksum(blockChecksum(block, this.#payloadSeed, owner, at));
    }
  }

  /** What most payloads are, one block in one piece, without a view of where it is copied to. */
  #addSmall(block: Uint8Array, owner: bigint): void {
    const checksum = blockChecksum(block, this.#payloadSeed, owner, this.place.offset + this.#bytes);
    const at = this.#reserve(block.byteLength + checksumBytes);
    this.#slab.bytes.set(block, at);
    this.#slab.view.setBigUint64(at + block.byteLength, checksum, true);
  }

  #appendBlock(source: PieceReader, bytes: number): Uint8Array {
    const whole = bytes > copiedBytesMax ? source.takeWhole(bytes) : undefined;
    if (whole !== undefined) {
      this.#closeSlab();
      this.#push(whole);
      this.#bytes += bytes;
      return whole;
    }
    const at = this.#reserve(bytes);
    const copy = this.#slab.bytes.subarray(at, at + bytes);
    source.copyTo(copy);
    return copy;
  }

  #appendChecksum(checksum: bigint): void {
    const at = this.#reserve(checksumBytes);
    this.#slab.view.setBigUint64(at, checksum, true);
  }

  /** The next bytes of the batch, in one piece: where they begin in the slab, which may be another from here on. */
  #reserve(bytes: number): number {
    if (this.#slabEnd + bytes > this.#slab.bytes.byteLength) {
      this.#closeSlab();
      this.#slab = this.#takeSlab(bytes);
      this.#slabStart = 0;
      this.#slabEnd = 0;
    }
    const at = this.#slabEnd;
    this.#slabEnd += bytes;
    this.#bytes += bytes;
    return at;
  }

  #takeSlab(bytes: number): Slab {
    const slab = this.#pool.take(bytes);
    this.#slabs.push(slab);
    return slab;
  }

  /** What the slab holds so far becomes a chunk. */
  #closeSlab(): void {
    if (this.#slabEnd === this.#slabStart) return;
    const chunk = this.#slab.bytes.subarray(this.#slabStart, this.#slabEnd);
    this.#starts.push(this.#bytes - chunk.byteLength);
    this.#chunks.push(chunk);
    this.#slabStart = this.#slabEnd;
  }

  #push(chunk: Uint8Array): void {
    this.#starts.push(this.#bytes);
    this.#chunks.push(chunk);
  }

  /** The index of the last chunk that begins at or before `at`; the slab counts as one more. */
  #chunkAt(at: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    const openStart = this.#bytes - (this.#slabEnd - this.#slabStart);
    return this.#slabEnd > this.#slabStart && at >= openStart ? this.#starts.length : low - 1;
  }
}

export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / pageBytes) * pageBytes;
}

/** Reads a list of pieces as one run of bytes. */
class PieceReader {
  readonly #pieces: readonly Uint8Array[];
  #piece = 0;
  #at = 0;

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces;
  }

  /** The next `bytes` without a copy, if they are in one piece. */
  takeWhole(bytes: number): Uint8Array | undefined {
    this.#skipEmpty();
    const piece = this.#pieces[this.#piece];
    if (piece === undefined || piece.byteLength - this.#at < bytes) return undefined;
    const taken = piece.subarray(this.#at, this.#at + bytes);
    this.#at += bytes;
    return taken;
  }

  copyTo(target: Uint8Array): void {
    for (let filled = 0; filled < target.byteLength;) {
      this.#skipEmpty();
      const piece = this.#pieces[this.#piece];
      invariant(piece !== undefined, 'a payload has as many bytes as it says');
      const part = piece.subarray(this.#at, this.#at + target.byteLength - filled);
      target.set(part, filled);
      filled += part.byteLength;
      this.#at += part.byteLength;
    }
  }

  #skipEmpty(): void {
    while (this.#piece < this.#pieces.length && this.#at >= (this.#pieces[this.#piece]?.byteLength ?? 0)) {
      this.#piece += 1;
      this.#at = 0;
    }
  }
}
