/** Parts of objects as they travel: as a log entry lists them. */
import { decodeLogEntry, encodeLogEntry, type Touched } from '../../store/pg/log-entry.js';

const none = new Uint8Array(0);

export function encodeTouched(touched: readonly Touched[]): Uint8Array {
  if (touched.length === 0) return none;
  return encodeLogEntry({ term: 0, seq: 1, object: undefined, session: none, request: 0, reply: none, touched });
}

/** `PARSE_ERROR` for what is none. */
export function decodeTouched(bytes: Uint8Array): readonly Touched[] {
  return bytes.byteLength === 0 ? [] : decodeLogEntry(bytes).touched;
}
