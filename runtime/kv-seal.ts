/**
 * How a value is stored: the value, then 8 bytes: xxh64 of the value, seeded with xxh64 of the key, little-endian. The
 * seed binds the value to its key, so that a right value found under a wrong key does not verify either.
 */
import { latin1Bytes, viewBuffer } from '../base/bytes.js';
import { CairnError } from '../base/errors.js';
import { xxh64 } from '../base/xxh64.js';
import type { KvKey } from './kv.js';

export const sealBytes = 8;

/** Enough of a key to find it; keys may have kilobytes. */
const shownCharactersMax = 200;

/** A new array. `keyBytes` spares making them again when the caller has them. */
export function sealValue(key: KvKey, value: Uint8Array, keyBytes: Uint8Array = latin1Bytes(key)): Uint8Array {
  const sealed = new Uint8Array(value.byteLength + sealBytes);
  sealInto(sealed, new DataView(sealed.buffer), value, keyBytes);
  return sealed;
}

/** As `sealValue`, to the start of `target`; `words` is a view of the same bytes. */
export function sealInto(target: Uint8Array, words: DataView, value: Uint8Array, keyBytes: Uint8Array): void {
  target.set(value, 0);
  words.setBigUint64(value.byteLength, xxh64(value, xxh64(keyBytes)), true);
}

/** The value in `sealed`: a view of it, and a plain array even of a Buffer, whose `slice` does not copy. Throws `CORRUPT`, naming the key, when the checksum does not match. */
export function openValue(key: KvKey, sealed: Uint8Array, keyBytes: Uint8Array = latin1Bytes(key)): Uint8Array {
  const end = sealed.byteLength - sealBytes;
  if (end < 0) throw corrupt(key, `it has ${sealed.byteLength} bytes, fewer than its checksum`);
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset, end);
  const stored = viewBuffer(sealed).readBigUInt64LE(end);
  if (stored !== xxh64(value, xxh64(keyBytes))) throw corrupt(key, 'it does not match its checksum');
  return value;
}

/** Printable and unambiguous: everything outside of plain ASCII, quotes and backslashes as `\xNN`. */
export function showKey(key: KvKey): string {
  const shown = key.slice(0, shownCharactersMax).replaceAll(/[^ !#-[\]-~]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return key.length > shownCharactersMax ? `"${shown}"... (${key.length} bytes)` : `"${shown}"`;
}

function corrupt(key: KvKey, why: string): CairnError {
  const shown = showKey(key);
  const message = `the stored value of key ${shown} is damaged: ${why}; restore it from another replica`;
  return new CairnError('CORRUPT', message, { details: { key: shown } });
}
