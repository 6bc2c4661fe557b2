/**
 * Takes the `aws-chunked` framing off a body, and checks its signatures:
 *
 *     10000;chunk-signature=…\r\n  65,536 bytes  \r\n        a size in hexadecimal, bytes, and so on
 *     0;chunk-signature=…\r\n                                the last one has none
 *     x-amz-checksum-crc32c:sOO8/Q==\r\n                     trailers, where the mode has them
 *     x-amz-trailer-signature:…\r\n
 *     \r\n                                                   some clients leave this out
 *
 * A chunk's bytes are handed on as they come, before its signature is known to be right. To hold them back would mean to copy all
 * of them, since pieces are only lent, and to buffer chunks of any size that a client likes (the format has no largest one), or to
 * refuse some. Nothing is gained by it: a hash of the whole body and a checksum in a trailer are known at the end only, so whoever
 * reads a body may commit nothing before it has ended without an error. That is the one rule for all modes, and it bounds memory to
 * one line whatever the chunks are.
 */
import { createHash } from 'node:crypto';
import { invariant } from '../../base/invariant.js';
import { ChunkSignatures, type SignatureSeed } from '../auth/chunk-signatures.js';
import { emptySha256, sha256Hex } from '../auth/string-to-sign.js';
import type { BodySource, HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import type { ChunkLine } from './chunk-line.js';
import { chunkLineBytesMax, malformedChunk, parseChunkLine } from './chunk-line.js';
import { LineBuffer } from './line-buffer.js';
import { malformed as malformedTrailers, TrailerLines } from './trailers.js';

export interface AwsChunkedOptions {
  /** Of all chunks: `x-amz-decoded-content-length`. */
  readonly decodedBytes: number;
  /** Undefined where chunks are not signed. */
  readonly seed: SignatureSeed | undefined;
  /** The names announced in `x-amz-trailer`, in lower case; undefined where the mode has no trailers. */
  readonly trailers: readonly string[] | undefined;
}

/** Of all but the last chunk with bytes: smaller ones would cost more in lines and signatures than they carry. */
const chunkBytesMin = 8192;

/** A trailer is a checksum: the longest, SHA-512, has 110 bytes, and there is one. */
const trailerBytesMax = 4096;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

type Hash = ReturnType<typeof createHash>;

type State =
  | { readonly kind: 'line' }
  | { readonly kind: 'data'; left: number; readonly line: ChunkLine; readonly hash: Hash | undefined }
  /** The CRLF behind a chunk's bytes. */
  | { readonly kind: 'data-end'; expected: number }
  | { readonly kind: 'trailers'; left: number }
  | { readonly kind: 'ended'; readonly trailers: HeaderMap };

/** Without promises: pieces in, views of their payload out. After an error it is of no more use. */
export class AwsChunkedDecoder {
  readonly #decodedBytes: number;
  readonly #signatures: ChunkSignatures | undefined;
  readonly #hasTrailers: boolean;
  readonly #lines = new LineBuffer(chunkLineBytesMax);
  readonly #trailerLines: TrailerLines;
  #state: State = { kind: 'line' };
  /** Of all chunks whose line has come. */
  #promisedBytes = 0;
  #isAfterShortChunk = false;

  constructor({ decodedBytes, seed, trailers }: AwsChunkedOptions) {
    invariant(Number.isSafeInteger(decodedBytes) && decodedBytes >= 0, 'a length counts bytes', { decodedBytes });
    this.#decodedBytes = decodedBytes;
    this.#signatures = seed === undefined ? undefined : new ChunkSignatures(seed);
    this.#hasTrailers = trailers !== undefined;
    this.#trailerLines = new TrailerLines(trailers ?? [], this.#hasTrailers && seed !== undefined);
  }

  /**
   * The payload within `piece`, as views of it. Throws `InvalidRequest` for what is no framing, `InvalidChunkSizeError`,
   * `IncompleteBody` for more bytes than announced, `SignatureDoesNotMatch`, `MalformedTrailerError`.
   */
  push(piece: Uint8Array): readonly Uint8Array[] {
    const payload: Uint8Array[] = [];
    let at = 0;
    while (at < piece.byteLength) {
      const state = this.#state;
      if (state.kind === 'data') {
        const view = piece.subarray(at, at + state.left);
        at += view.byteLength;
        state.hash?.update(view);
        state.left -= view.byteLength;
        payload.push(view);
        if (state.left === 0) this.#endData(state.line, state.hash);
      } else if (state.kind === 'data-end') {
        at = this.#expect(piece, at, state);
      } else {
        invariant(state.kind !== 'ended', 'no bytes come behind the end');
        at = state.kind === 'line' ? this.#readLine(piece, at) : this.#readTrailers(piece, at, state);
      }
    }
    return payload;
  }

  /** Once all pieces have been pushed: the trailers. Throws `IncompleteBody`, and for the trailers as `push` does. */
  end(): HeaderMap {
    if (this.#state.kind === 'ended') return this.#state.trailers;
    if (this.#state.kind !== 'trailers') throw incomplete('The body ended before its last chunk.');
    // The end of the last line may be missing.
    this.#addTrailer(this.#lines.take());
    const trailers = this.#trailerLines.end();
    const { signature, signedText } = this.#trailerLines;
    if (signature !== undefined) this.#signatures?.verifyTrailers(sha256Hex(signedText), signature);
    this.#state = { kind: 'ended', trailers };
    return trailers;
  }

  #readLine(piece: Uint8Array, at: number): number {
    const next = this.#lines.fill(piece, at);
    if (next === -1) throw malformedChunk(`a chunk's first line has more than ${chunkLineBytesMax} bytes`);
    if (this.#lines.isWhole) this.#startChunk(parseChunkLine(this.#lines.take()));
    return next;
  }

  #startChunk(line: ChunkLine): void {
    if (this.#signatures !== undefined && line.signature === undefined) {
      throw malformedChunk('a chunk lacks its signature');
    }
    if (line.bytes === 0) {
      this.#startTrailers(line);
      return;
    }
    if (this.#isAfterShortChunk) throw new S3Error('InvalidChunkSizeError');
    this.#isAfterShortChunk = line.bytes < chunkBytesMin;
    this.#promisedBytes += line.bytes;
    if (this.#promisedBytes > this.#decodedBytes) {
      throw incomplete('The body has more bytes than x-amz-decoded-content-length says.');
    }
    const hash = this.#signatures === undefined ? undefined : createHash('sha256');
    this.#state = { kind: 'data', left: line.bytes, line, hash };
  }

  #endData({ signature }: ChunkLine, hash: Hash | undefined): void {
    if (hash !== undefined && signature !== undefined) this.#signatures?.verifyChunk(hash.digest('hex'), signature);
    this.#state = { kind: 'data-end', expected: carriageReturn };
  }

  #expect(piece: Uint8Array, at: number, state: State & { readonly kind: 'data-end' }): number {
    if (piece[at] !== state.expected) throw malformedChunk('a chunk does not end where its size says');
    if (state.expected === lineFeed) this.#state = { kind: 'line' };
    else state.expected = lineFeed;
    return at + 1;
  }

  #startTrailers({ signature }: ChunkLine): void {
    if (this.#promisedBytes !== this.#decodedBytes) {
      throw incomplete('The body has fewer bytes than x-amz-decoded-content-length says.');
    }
    if (signature !== undefined) this.#signatures?.verifyChunk(emptySha256, signature);
    this.#state = { kind: 'trailers', left: trailerBytesMax };
  }

  /** Up to the end of the body, as HTTP tells it: not all clients send the blank line that would end them. */
  #readTrailers(piece: Uint8Array, at: number, state: State & { readonly kind: 'trailers' }): number {
    const next = this.#lines.fill(piece, at);
    if (next === -1) throw malformedTrailers(`a line has more than ${chunkLineBytesMax} bytes`);
    state.left -= next - at;
    if (state.left < 0) throw malformedTrailers(`they have more than ${trailerBytesMax} bytes`);
    if (this.#lines.isWhole) this.#addTrailer(this.#lines.take());
    return next;
  }

  #addTrailer(line: string): void {
    if (!this.#hasTrailers && line.trim() !== '') throw malformedChunk('something comes behind its last chunk');
    this.#trailerLines.add(line);
  }
}

/** The payload of a framed body. What it throws is listed at `AwsChunkedDecoder.push`. */
export class AwsChunkedBody implements AsyncIterable<Uint8Array> {
  readonly #source: BodySource;
  readonly #decoder: AwsChunkedDecoder;
  #trailers: HeaderMap | undefined;

  constructor(source: BodySource, options: AwsChunkedOptions) {
    this.#source = source;
    this.#decoder = new AwsChunkedDecoder(options);
  }

  /** Once, from the start. Nothing may be committed unless this ends without an error. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of this.#source) {
      for (const payload of this.#decoder.push(piece)) yield payload;
    }
    this.#trailers = this.#decoder.end();
  }

  /** Once the payload has been read to its end. */
  trailers(): HeaderMap {
    invariant(this.#trailers !== undefined, 'trailers are known once the payload has been read to its end');
    return this.#trailers;
  }
}

function incomplete(message: string): S3Error {
  return new S3Error('IncompleteBody', { message });
}
