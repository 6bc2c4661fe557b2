import { xxh64, Xxh64Stream } from '../base/xxh64.js';
import { checksumBytes, inlinePayloadBytesMax, readU32 } from './frame.js';

/**
 * The checksums of one direction of one connection. A small payload lies behind the head (prefix after the checksum
 * field, and header) on both ends and is hashed with it in one go, as a call into WebAssembly costs more than the bytes.
 * A large one is hashed apart, seeded with the hash of the head, so that it is never copied to lie there. The number of
 * the frame is mixed in last: one that is lost, repeated or out of order fails as surely as one that is damaged.
 * Against accidents only: whoever can write to the connection can compute it too.
 */
export class FrameChecksum {
  readonly #seed: bigint;
  readonly #words = new DataView(new ArrayBuffer(checksumBytes));
  #sequence = 0;

  constructor(seed: bigint) {
    this.#seed = seed;
  }

  /** Writes the checksum of the next frame to its first 8 bytes; it ends at `end`, but for a large `payload`. */
  seal(slab: Uint8Array, view: DataView, start: number, end: number, payload: readonly Uint8Array[]): void {
    this.#compute(slab, start, end, payload);
    view.setUint32(start, this.#words.getUint32(0, true), true);
    view.setUint32(start + 4, this.#words.getUint32(4, true), true);
  }

  /** Whether the next frame, whole in `source`, carries the checksum that it should. */
  verify(source: Uint8Array, start: number, headEnd: number, payload: Uint8Array): boolean {
    const isInline = payload.byteLength <= inlinePayloadBytesMax;
    if (isInline) this.#compute(source, start, headEnd + payload.byteLength, noPieces);
    else this.#compute(source, start, headEnd, [payload]);
    return (
      readU32(source, start) === this.#words.getUint32(0, true) &&
      readU32(source, start + 4) === this.#words.getUint32(4, true)
    );
  }

  /**
   * Begins to verify the next frame while its payload still arrives: hashed while it is in the cache, it costs half.
   * The head is only read during the call.
   */
  begin(source: Uint8Array, start: number, headEnd: number, payloadBytes: number): PayloadCheck {
    const head = source.subarray(start + checksumBytes, headEnd);
    const isInline = payloadBytes <= inlinePayloadBytesMax;
    const stream = isInline ? new Xxh64Stream(this.#seed).update(head) : new Xxh64Stream(xxh64(head, this.#seed));
    const check = new PayloadCheck(stream, this.#sequence, readU32(source, start), readU32(source, start + 4));
    this.#sequence = (this.#sequence + 1) >>> 0;
    return check;
  }

  #compute(bytes: Uint8Array, start: number, end: number, payload: readonly Uint8Array[]): void {
    let hash = xxh64(bytes.subarray(start + checksumBytes, end), this.#seed);
    if (payload.length > 0) hash = hashPieces(payload, hash);
    this.#words.setBigUint64(0, hash, true);
    this.#words.setUint32(0, (this.#words.getUint32(0, true) ^ this.#sequence) >>> 0, true);
    this.#sequence = (this.#sequence + 1) >>> 0;
  }
}

/** The checksum of one frame in the making. */
export class PayloadCheck {
  readonly #stream: Xxh64Stream;
  readonly #sequence: number;
  readonly #low: number;
  readonly #high: number;

  constructor(stream: Xxh64Stream, sequence: number, low: number, high: number) {
    this.#stream = stream;
    this.#sequence = sequence;
    this.#low = low;
    this.#high = high;
  }

  update(viewPiece: Uint8Array): void {
    this.#stream.update(viewPiece);
  }

  /** Whether the frame carries the checksum that it should. */
  verify(): boolean {
    const hash = this.#stream.digest();
    const low = (Number(hash & 0xffffffffn) ^ this.#sequence) >>> 0;
    return low === this.#low && Number(hash >> 32n) === this.#high;
  }
}

const noPieces: readonly Uint8Array[] = [];

/**
 * Hashed in slices: the WebAssembly module copies what it hashes into a memory that grows to the largest piece, never
 * shrinks, and is colder the larger it is (4 MiB at once cost 160 us per MiB, in slices 125).
 */
const sliceBytes = 128 * 1024;

function hashPieces(pieces: readonly Uint8Array[], seed: bigint): bigint {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1 && first.byteLength <= sliceBytes) return xxh64(first, seed);
  const stream = new Xxh64Stream(seed);
  for (const piece of pieces) {
    for (let offset = 0; offset < piece.byteLength; offset += sliceBytes) {
      stream.update(piece.subarray(offset, offset + sliceBytes));
    }
  }
  return stream.digest();
}
