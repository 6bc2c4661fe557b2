/**
 * Headers as MessagePack. Records (msgpackr's shared structures) are off: they would save 0.1 us per encode and 0.2 us per
 * decode of a header with ten fields, but they need state that both ends agree on, and the decoder compiles functions
 * from what the peer sends. So the codec has no state and nothing is shared between connections.
 */
import { addExtension, Packr, RESET_BUFFER_MODE } from 'msgpackr/pack';
import { copyBytes } from '../base/bytes.js';
import { CairnError } from '../base/errors.js';
import { checkHeader, headerValuesMax } from './header-check.js';

/**
 * What travels: plain values, byte arrays, `bigint` of 64 bits, objects and arrays of these. Numbers are doubles or integers of
 * at most 32 bits; other integers up to 2^53 travel as doubles, exactly; -0 arrives as 0, a lone surrogate as U+FFFD. Keys that users choose belong in lists of
 * pairs: `__proto__` as a key is refused.
 */
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  moreTypes: false,
  structuredClone: false,
  bundleStrings: false,
  copyBuffers: true,
});

/**
 * Objects that msgpackr would send as something else without a word: a `Set` as a list, a `Float64Array` as bytes, half of
 * them whatever its buffer held before. Byte arrays are `Uint8Array`.
 * (A date travels as an extension type, which the receiver refuses.)
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- only ever the right side of `instanceof`
class Untransportable {
  static [Symbol.hasInstance](value: unknown): boolean {
    if (ArrayBuffer.isView(value)) return !(value instanceof Uint8Array);
    return isOpaque(value);
  }
}

addExtension({
  Class: Untransportable,
  type: 0x7f,
  pack: () => {
    throw new TypeError('only plain objects, arrays and Uint8Array travel');
  },
});

function isOpaque(value: unknown): boolean {
  return value instanceof ArrayBuffer || value instanceof Error || value instanceof RegExp || value instanceof Set;
}

const range = { start: 0, end: 0 };

/** The bytes of `header`, valid until the next call. `undefined` is no bytes. Throws `INVALID_ARGUMENT`. */
export function viewEncodedHeader(header: unknown): Uint8Array {
  if (header === undefined) return noBytes;
  try {
    return packr.pack(header, RESET_BUFFER_MODE);
  } catch (error) {
    throw new CairnError('INVALID_ARGUMENT', 'a header holds what cannot be encoded', { cause: error });
  }
}

/** The bytes of `header`, the caller's to keep. */
export function encodeHeader(header: unknown): Uint8Array {
  return copyBytes(viewEncodedHeader(header));
}

/**
 * The value between `start` and `end`, or `undefined` when that is empty; `valuesMax` bounds what it costs, 56 bytes a value
 * at worst (header-check.ts). Throws `PROTOCOL_ERROR`, nothing else.
 */
export function decodeHeader(bytes: Uint8Array, start: number, end: number, valuesMax = headerValuesMax): unknown {
  if (start === end) return undefined;
  checkHeader(bytes, start, end, valuesMax);
  range.start = start;
  range.end = end;
  try {
    return packr.unpack(bytes, range);
  } catch (error) {
    throw new CairnError('PROTOCOL_ERROR', 'a header is malformed', { cause: error });
  }
}

const noBytes = new Uint8Array(0);
