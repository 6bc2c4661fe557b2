/**
 * Bytes as they arrive, in chunks of any size, to whole frames.
 *
 *     chunk ──┬─ frame lies whole in it ──────────────► header read in place, payload copied out
 *             └─ else: head (prefix, header) gathered ► payload allocated ► filled chunk by chunk
 *
 * A payload is copied exactly once, from the chunk to its own buffer, which is allocated only after its length passed
 * the limits and the sink's credit check. Work and memory are linear in the bytes received, one byte at a time too.
 */
import { CairnError, toCairnError } from '../base/errors.js';
import { emptyBytes } from '../base/bytes.js';
import type { Memory } from '../runtime/memory.js';
import type { FrameChecksum, PayloadCheck } from './frame-checksum.js';
import { emptyPrefix, prefixBytes, readPrefix, type FramePrefix } from './frame.js';

export interface FrameSink {
  /** The prefix of a frame has arrived and is within limits; nothing is allocated yet. Throws to refuse it. */
  admit(prefix: Readonly<FramePrefix>): void;
  /**
   * A whole, verified frame. The header is `viewSource` from `start` to `end`, valid during the call; `payload` is the callee's, of
   * `memory`. Small ones share a slab of 8 KiB: copy one that is to live long.
   */
  frame(prefix: Readonly<FramePrefix>, viewSource: Uint8Array, start: number, end: number, payload: Uint8Array): void;
}

export interface FrameDecoderOptions {
  readonly headerBytesMax: number;
  readonly payloadBytesMax: number;
  readonly memory: Memory;
  /** Absent under TLS, which authenticates what it carries. */
  readonly checksum: FrameChecksum | undefined;
}

const gatherBytesKept = 4096;

export class FrameDecoder {
  readonly #options: FrameDecoderOptions;
  readonly #sink: FrameSink;
  readonly #prefix = emptyPrefix();
  #stopped = false;
  #failure: CairnError | undefined;
  /** Head of a frame that did not lie whole in one chunk; `#headBytes` is 0 while its prefix is incomplete. */
  #gather: Buffer = Buffer.allocUnsafeSlow(gatherBytesKept);
  #gathered = 0;
  #headBytes = 0;
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;
  /** Of a payload that arrives in several chunks. */
  #check: PayloadCheck | undefined;

  constructor(options: FrameDecoderOptions, sink: FrameSink) {
    this.#options = options;
    this.#sink = sink;
  }

  /** Takes in a chunk, which is only read during the call. Throws `CairnError`; after that every call throws the same. */
  push(viewChunk: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#consume(viewChunk);
    } catch (error) {
      this.#failure = toCairnError(error);
      this.#release();
      throw this.#failure;
    }
  }

  /** Ends decoding, even in the middle of a chunk: the sink closes the connection. */
  stop(): void {
    this.#stopped = true;
    this.#release();
  }

  #consume(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.byteLength && !this.#stopped) {
      if (this.#payload !== undefined) offset = this.#fillPayload(this.#payload, chunk, offset);
      else if (this.#gathered > 0) offset = this.#gatherHead(chunk, offset);
      else offset = this.#readInPlace(chunk, offset);
    }
  }

  #readInPlace(chunk: Uint8Array, offset: number): number {
    const available = chunk.byteLength - offset;
    if (available < prefixBytes) return this.#gatherHead(chunk, offset);
    const headBytes = this.#readPrefix(chunk, offset);
    const payloadBytes = this.#prefix.payloadBytes;
    const frameEnd = offset + headBytes + payloadBytes;
    if (frameEnd > chunk.byteLength) {
      this.#headBytes = headBytes;
      return this.#gatherHead(chunk, offset);
    }
    const payload = payloadBytes === 0 ? emptyBytes : this.#copyOut(chunk, offset + headBytes, frameEnd);
    this.#finish(chunk, offset, offset + headBytes, payload);
    return frameEnd;
  }

  #gatherHead(chunk: Uint8Array, offset: number): number {
    const wanted = this.#headBytes === 0 ? prefixBytes : this.#headBytes;
    if (wanted > this.#gather.byteLength) this.#growGather(wanted);
    const count = Math.min(wanted - this.#gathered, chunk.byteLength - offset);
    this.#gather.set(chunk.subarray(offset, offset + count), this.#gathered);
    this.#gathered += count;
    if (this.#gathered < wanted) return offset + count;
    if (this.#headBytes === 0) this.#headBytes = this.#readPrefix(this.#gather, 0);
    if (this.#gathered < this.#headBytes) return offset + count;
    if (this.#prefix.payloadBytes === 0) this.#finishGathered(emptyBytes);
    else this.#startPayload();
    return offset + count;
  }

  #startPayload(): void {
    this.#payload = this.#options.memory.take(this.#prefix.payloadBytes);
    this.#payloadFilled = 0;
    this.#check = this.#options.checksum?.begin(this.#gather, 0, this.#headBytes, this.#prefix.payloadBytes);
  }

  #fillPayload(payload: Uint8Array, chunk: Uint8Array, offset: number): number {
    const count = Math.min(payload.byteLength - this.#payloadFilled, chunk.byteLength - offset);
    const piece = chunk.subarray(offset, offset + count);
    payload.set(piece, this.#payloadFilled);
    this.#check?.update(piece);
    this.#payloadFilled += count;
    if (this.#payloadFilled === payload.byteLength) this.#finishGathered(payload);
    return offset + count;
  }

  #finishGathered(payload: Uint8Array): void {
    const headBytes = this.#headBytes;
    this.#payload = undefined;
    this.#gathered = 0;
    this.#headBytes = 0;
    const gather = this.#gather;
    if (gather.byteLength > gatherBytesKept) this.#gather = Buffer.allocUnsafeSlow(gatherBytesKept);
    this.#finish(gather, 0, headBytes, payload);
  }

  #finish(source: Uint8Array, start: number, headEnd: number, payload: Uint8Array): void {
    const { checksum } = this.#options;
    const isIntact = this.#check?.verify() ?? checksum?.verify(source, start, headEnd, payload) ?? true;
    this.#check = undefined;
    if (!isIntact) throw new CairnError('PROTOCOL_ERROR', 'a frame does not match its checksum');
    this.#sink.frame(this.#prefix, source, start + prefixBytes, headEnd, payload);
  }

  /** Returns the bytes of prefix and header. */
  #readPrefix(bytes: Uint8Array, offset: number): number {
    const prefix = this.#prefix;
    readPrefix(bytes, offset, prefix);
    if (prefix.headerBytes > this.#options.headerBytesMax) {
      throw new CairnError('PROTOCOL_ERROR', `a header of ${prefix.headerBytes} bytes is above the limit`);
    }
    if (prefix.payloadBytes > this.#options.payloadBytesMax) {
      throw new CairnError('PROTOCOL_ERROR', `a payload of ${prefix.payloadBytes} bytes is above the limit`);
    }
    this.#sink.admit(prefix);
    return prefixBytes + prefix.headerBytes;
  }

  #copyOut(chunk: Uint8Array, start: number, end: number): Uint8Array {
    const payload = this.#options.memory.take(end - start);
    payload.set(chunk.subarray(start, end));
    return payload;
  }

  #growGather(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(bytes);
    larger.set(this.#gather.subarray(0, this.#gathered));
    this.#gather = larger;
  }

  #release(): void {
    this.#payload = undefined;
    this.#gathered = 0;
    this.#gather = emptyGather;
  }
}

const emptyGather = Buffer.alloc(0);
