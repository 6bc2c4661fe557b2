/** What is stored, byte by byte. A test that fails here says that disks out there could not be read any more. */
import assert from 'node:assert/strict';
import { copyBytes, hexText } from '../../../../base/bytes.js';
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
      // Of a plain array, so that views of it are plain as well.
      const decoded = decode(copyBytes(bytes));
      assert.notEqual(decoded, undefined);
      if (value !== undefined) assert.deepEqual(decoded, value);
    });
  }
});
