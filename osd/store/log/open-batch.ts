/**
 * The batch that is being formed: frames are added, their places are known at once, and until the batch is durable its
 * payloads are read from here.
 *
 *     slab: header │ record, checksum, block, checksum, block, checksum, … │ record, checksum, … │ padding
 *
 * All of it is copied to one slab, so that it goes to the disk in one piece, past the page cache where it is large, and a payload is its
 * sender's again at once.
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
  readonly #pool: SlabPool;
  #slab: Slab;
  #bytes = batchHeaderBytes;
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
    this.#slab = this.#pool.take(batchHeaderBytes);
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

  /** Adds a frame: record and payloads are copied. */
  add(record: Uint8Array, payloads: readonly FramePayload[]): void {
    let frameBytes = record.byteLength + frameOverheadBytes;
    for (const { payload, blockShift } of payloads) frameBytes += storedBytes(payload.bytes, blockShift);
    this.#makeRoom(frameBytes);
    const at = this.#advance(record.byteLength + frameOverheadBytes);
    const { bytes, view } = this.#slab;
    view.setUint32(at, record.byteLength, true);
    bytes.set(record, at + 4);
    this.#chain = xxh64(record, this.#chain);
    view.setBigUint64(at + 4 + record.byteLength, this.#chain, true);
    this.#frames += 1;
    for (const payload of payloads) this.#addPayload(payload);
  }

  /** Finishes the batch. Its checksum is what the next one names; its bytes are lent until `release`. */
  seal(previous: bigint, heads: LogHeads): { readonly bytes: Uint8Array; readonly checksum: bigint } {
    const { number, place } = this;
    const header = { number, place, bytes: this.#bytes, frames: this.#frames, lastFrame: this.#chain, previous, heads };
    const { bytes } = this.#slab;
    bytes.fill(0, this.#bytes, this.pagedBytes);
    this.#checksum = fillBatchHeader(this.#slab, header, this.#storeSeed);
    return { bytes: bytes.subarray(0, this.pagedBytes), checksum: this.#checksum };
  }

  get checksum(): bigint {
    invariant(this.#checksum !== undefined, 'the batch is sealed');
    return this.#checksum;
  }

  /** The batch is on the disk: nobody reads it from here any more. */
  release(): void {
    this.#pool.give(this.#slab);
  }

  /** Whether bytes at this place of the log are here. */
  holds(segment: number, offset: number): boolean {
    return segment === this.place.segment && offset >= this.place.offset && offset < this.place.offset + this.#bytes;
  }

  /** Copies bytes of the batch, from an offset in its segment. */
  read(target: Uint8Array, offset: number): void {
    const at = offset - this.place.offset;
    invariant(at >= 0 && at + target.byteLength <= this.#bytes, 'the bytes are in the batch', { offset });
    target.set(this.#slab.bytes.subarray(at, at + target.byteLength));
  }

  #addPayload({ payload, blockShift, owner }: FramePayload): void {
    const blockBytes = 1 << blockShift;
    const [first] = payload.pieces;
    if (first?.byteLength === payload.bytes && payload.bytes <= blockBytes) {
      this.#addBlock(first, owner);
      return;
    }
    const source = new PieceReader(payload.pieces);
    for (let done = 0; done < payload.bytes; done += blockBytes) {
      this.#addBlock(source.take(Math.min(blockBytes, payload.bytes - done)), owner);
    }
  }

  #addBlock(block: Uint8Array, owner: bigint): void {
    const checksum = blockChecksum(block, this.#payloadSeed, owner, this.place.offset + this.#bytes);
    const at = this.#advance(block.byteLength + checksumBytes);
    this.#slab.bytes.set(block, at);
    this.#slab.view.setBigUint64(at + block.byteLength, checksum, true);
  }

  /** Where the next bytes of the batch begin in the slab. */
  #advance(bytes: number): number {
    const at = this.#bytes;
    this.#bytes += bytes;
    return at;
  }

  /** For a frame, and the padding behind it. What outgrows its slab moves to a larger one, once as a rule. */
  #makeRoom(frameBytes: number): void {
    const wanted = pagesOf(this.#bytes + frameBytes);
    const old = this.#slab;
    if (wanted <= old.bytes.byteLength) return;
    this.#slab = this.#pool.take(wanted);
    this.#slab.bytes.set(old.bytes.subarray(0, this.#bytes));
    this.#pool.give(old);
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

  /** The next `bytes`: without a copy, if they are in one piece. */
  take(bytes: number): Uint8Array {
    const whole = this.#part(bytes);
    if (whole.byteLength === bytes) return whole;
    const joined = new Uint8Array(bytes);
    joined.set(whole);
    for (let filled = whole.byteLength; filled < bytes;) {
      const part = this.#part(bytes - filled);
      joined.set(part, filled);
      filled += part.byteLength;
    }
    return joined;
  }

  /** As much as the next piece that is not empty has of it. */
  #part(bytes: number): Uint8Array {
    for (;;) {
      const piece = this.#pieces[this.#piece];
      invariant(piece !== undefined, 'a payload has as many bytes as it says');
      const part = piece.subarray(this.#at, this.#at + bytes);
      this.#at += part.byteLength;
      if (part.byteLength > 0) return part;
      this.#piece += 1;
      this.#at = 0;
    }
  }
}
