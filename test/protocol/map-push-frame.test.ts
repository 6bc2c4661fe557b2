import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concatBytes, hexText } from '../../base/bytes.js';
import { frameIncrementals, splitIncrementals } from '../../protocol/map-push-frame.js';

describe('changes of the map in a push', () => {
  it('stand each after its length', () => {
    const framed = frameIncrementals([Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)]);
    assert.equal(hexText(concatBytes(framed)), '03000000010203000000000100000004');
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (pieces) => {
        const payload = concatBytes([Uint8Array.of(9), ...frameIncrementals(pieces)]).subarray(1);
        assert.deepEqual(
          splitIncrementals(payload).map((piece) => hexText(piece)),
          pieces.map((piece) => hexText(piece)),
        );
      }),
    );
  });

  it('that are cut off are refused', () => {
    const payload = concatBytes(frameIncrementals([Uint8Array.of(1, 2, 3)]));
    assert.deepEqual(splitIncrementals(payload.subarray(0, 0)), []);
    for (let length = 1; length < payload.byteLength; length++) {
      assert.throws(() => splitIncrementals(payload.subarray(0, length)), { code: 'PROTOCOL_ERROR' });
    }
  });
});
