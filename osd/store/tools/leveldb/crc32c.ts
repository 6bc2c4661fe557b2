/** CRC-32C (Castagnoli), as LevelDB stores it. Eight tables: about eight bytes for the price of one. */

const polynomial = 0x82f63b78;

/** `tables[k][b]`: the checksum of byte `b` followed by `k` zero bytes. */
const tables = makeTables();

function makeTables(): Int32Array[] {
  const first = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ polynomial;
    first[byte] = crc;
  }
  const all = [first];
  for (let k = 1; k < 8; k++) {
    const before = all[k - 1] ?? first;
    all.push(before.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] ?? 0)));
  }
  return all;
}

/** 0 to 2^32-1, of the pieces one after the other. */
export function crc32c(...pieces: readonly Uint8Array[]): number {
  let crc = -1;
  for (const piece of pieces) crc = extend(crc, piece);
  return ~crc >>> 0;
}

/** So that a checksum over bytes that hold checksums is none of those itself. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function extend(start: number, bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.byteLength - (bytes.byteLength % 8);
  let crc = start;
  // In bounds: indexes are bytes, and `at` stays below `whole`.
  for (let at = 0; at < whole; at += 8) {
    const low = view.getInt32(at, true) ^ crc;
    const high = view.getInt32(at + 4, true);
    crc =
      t7[low & 0xff]! ^
      t6[(low >>> 8) & 0xff]! ^
      t5[(low >>> 16) & 0xff]! ^
      t4[low >>> 24]! ^
      t3[high & 0xff]! ^
      t2[(high >>> 8) & 0xff]! ^
      t1[(high >>> 16) & 0xff]! ^
      t0[high >>> 24]!;
  }
  for (let at = whole; at < bytes.byteLength; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return crc;
}
