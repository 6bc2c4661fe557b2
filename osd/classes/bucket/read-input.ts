/** Inputs and outputs of the class's calls. */
import { latin1Text } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { parseWith } from '../../../protocol/schema.js';
import { decodeHeader, encodeHeader } from '../../../wire/header-codec.js';
import type { ClassResult } from '../object-class.js';

type Schema<T> = Parameters<typeof parseWith<T>>[0];

/** `INVALID_ARGUMENT` for what does not fit. */
export function readInput<T>(schema: Schema<T>, input: Uint8Array, method: string): T {
  return parseWith(schema, decodeHeader(input, 0, input.byteLength), `bucket.${method}`);
}

export function answered(output: unknown): ClassResult {
  return { changes: [], output: encodeHeader(output) };
}

/** Ids travel as bytes and stand in keys as latin1. */
export function latin1(id: Uint8Array): string {
  return latin1Text(id);
}

/** A key's UTF-8 as latin1, from what stands in the omap. */
export function plainKey(escaped: string): string {
  return escaped.includes('\0') ? escaped.replaceAll('\0\xff', '\0') : escaped;
}

/** Takes pieces off the front of the payload. */
export class PayloadPieces {
  readonly #payload: Uint8Array;
  #at = 0;

  constructor(payload: Uint8Array) {
    this.#payload = payload;
  }

  take(bytes: number): Uint8Array {
    const end = this.#at + bytes;
    if (end > this.#payload.byteLength) {
      throw new CairnError('INVALID_ARGUMENT', `the payload has ${this.#payload.byteLength} bytes, not ${end}`);
    }
    const piece = this.#payload.subarray(this.#at, end);
    this.#at = end;
    return piece;
  }

  /** A body of no bytes is none. */
  takeBody(bytes: number): Uint8Array | undefined {
    return bytes === 0 ? undefined : this.take(bytes);
  }

  /** All was taken. */
  end(): void {
    if (this.#at === this.#payload.byteLength) return;
    throw new CairnError('INVALID_ARGUMENT', `the payload has ${this.#payload.byteLength} bytes, not ${this.#at}`);
  }
}
