/** Incrementals in the payload of a map push: each after its length, u32 little-endian. */
import { CairnError } from '../base/errors.js';

const lengthBytes = 4;

export function frameIncrementals(incrementals: readonly Uint8Array[]): readonly Uint8Array[] {
  return incrementals.flatMap((incremental) => {
    const length = new Uint8Array(lengthBytes);
    new DataView(length.buffer).setUint32(0, incremental.byteLength, true);
    return [length, incremental];
  });
}

/** Throws `PROTOCOL_ERROR` when the payload is anything else. */
export function splitIncrementals(payload: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const found: Uint8Array[] = [];
  let at = 0;
  while (at < payload.byteLength) {
    if (at + lengthBytes > payload.byteLength) throw malformed();
    const end = at + lengthBytes + view.getUint32(at, true);
    if (end > payload.byteLength) throw malformed();
    found.push(payload.subarray(at + lengthBytes, end));
    at = end;
  }
  return found;
}

function malformed(): CairnError {
  return new CairnError('PROTOCOL_ERROR', 'the monitor sent changes of the map that end in the middle');
}
