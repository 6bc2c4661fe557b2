/** What is stored, byte by byte. A test that fails here says that disks out there could not be read any more. */
import assert from 'node:assert/strict';
import { hexText } from '../../../../base/bytes.js';
import { xxh64 } from '../../../../base/xxh64.js';
import { goldenBytes } from './golden-bytes.js';
import { formatSamples } from './samples.js';

describe('osd/store/format: stored bytes', () => {
  for (const { name, bytes, decode, value } of formatSamples) {
    it(`of ${name} are what they were, and decode to what was encoded`, () => {
      // Of the one that is long, its payloads are not repeated here.
      const shown =
        bytes.byteLength > 1_000 ? `${hexText(bytes.subarray(0, 300))}… ${xxh64(bytes).toString(16)}` : hexText(bytes);
      assert.equal(shown, goldenBytes[name], `${name}: '${shown}'`);
      const decoded = decode(bytes);
      assert.notEqual(decoded, undefined);
      if (value !== undefined) assert.deepEqual(plain(decoded), plain(value));
    });
  }
});

/** With every array of bytes as hex: whether it is a `Buffer` or none makes no difference to anybody. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hexText(value);
  if (value instanceof Map) return Array.from(value, ([key, one]) => [key, plain(one)]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
