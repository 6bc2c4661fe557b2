/** Small operations on byte arrays that everything else shares. Strings named `latin1` hold one byte per character. */
import { invariant } from './invariant.js';

export const emptyBytes = new Uint8Array(0);

/** Whether words in memory have their lowest byte first, as on nearly every machine. */
export const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text in `bytes`; throws `TypeError` when they are not UTF-8, so that no byte is silently replaced. */
export function utf8Text(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

/** Without lone surrogates, which UTF-8 cannot express: they would come back as another character. */
export function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

export function latin1Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** One character per byte: such strings compare with `<` in byte order. */
export function latin1Text(bytes: Uint8Array): string {
  return viewBuffer(bytes).toString('latin1');
}

/**
 * The same latin1 text in one piece. V8 makes a rope of what is joined, and even flattened it is compared by way of the rope:
 * for keys of large maps, whose comparisons are one cache miss after the other.
 */
export function flatLatin1(text: string): string {
  if (text.length > flat.byteLength) return text;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    flat[i] = code;
    bits |= code;
  }
  // What is no latin1 stays as it is, for others to refuse: cut to bytes, it would be another text.
  return bits > 0xff ? text : flat.toString('latin1', 0, text.length);
}

const flat = Buffer.alloc(256);

export function hexText(bytes: Uint8Array): string {
  return viewBuffer(bytes).toString('hex');
}

/** The same memory as a `Buffer`, without a copy. */
export function viewBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Negative, zero or positive as `a` sorts before, with or after `b`, byte by byte, a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0;
}

/** An independent copy. (`slice` of a `Buffer` is none: it shares the memory.) */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** A new array with all pieces in order. For small pieces; large payloads stay lists of pieces (docs/NODE-LIMITS.md 10). */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] !== undefined) return copyBytes(pieces[0]);
  const total = totalBytes(pieces);
  const all = Buffer.allocUnsafe(total);
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.byteLength;
  }
  invariant(offset === total, 'every byte was copied');
  return all;
}

export function totalBytes(pieces: readonly Uint8Array[]): number {
  let total = 0;
  for (const piece of pieces) total += piece.byteLength;
  return total;
}
