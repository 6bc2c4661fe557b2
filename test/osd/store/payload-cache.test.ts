import assert from 'node:assert/strict';
import { PayloadCache, cachedPayloadBytesMax } from '../../../osd/store/read/payload-cache.js';
import type { PayloadRef } from '../../../osd/store/format/payload-ref.js';

function payloadAt(offset: number, bytes: number, batch = 7): PayloadRef {
  return { segment: 1, offset, bytes, blockShift: 16, batch };
}

describe('osd/store: payload cache', () => {
  it('gives back what was added, by batch and place', () => {
    const cache = new PayloadCache(1024 * 1024);
    const data = Buffer.alloc(8192, 3);
    cache.add(payloadAt(4096, 8192), data);
    assert.deepEqual(cache.get(payloadAt(4096, 8192)), data);
    assert.equal(cache.get(payloadAt(4096, 8192, 8)), undefined, 'a later life of the segment');
    assert.equal(cache.get(payloadAt(8192, 8192)), undefined);
    assert.deepEqual(cache.counts, { hits: 1, misses: 2, entries: 1 });
  });

  it('copies what is cut from a slab, and keeps no part and nothing large', () => {
    const cache = new PayloadCache(1024 * 1024);
    const slab = Buffer.alloc(8192, 1);
    cache.add(payloadAt(0, 100), slab.subarray(50, 150));
    assert.equal(cache.get(payloadAt(0, 100))?.buffer.byteLength, 100);
    cache.add(payloadAt(500, 200), slab.subarray(0, 100));
    assert.equal(cache.get(payloadAt(500, 200)), undefined, 'a part');
    const large = cachedPayloadBytesMax + 1;
    cache.add(payloadAt(1000, large), Buffer.alloc(large));
    assert.equal(cache.get(payloadAt(1000, large)), undefined, 'a large one');
  });

  it('stays within its room, and keeps what is used', () => {
    const cache = new PayloadCache(100 * 8192);
    const hot = payloadAt(1, 8192);
    for (let i = 0; i < 1000; i++) {
      if (cache.get(hot) === undefined) cache.add(hot, Buffer.alloc(8192));
      cache.add(payloadAt(i * 10_000 + 2, 8192), Buffer.alloc(8192));
      assert.ok(cache.counts.entries <= 100);
    }
    assert.equal(cache.counts.hits, 999);
    const none = new PayloadCache(0);
    none.add(hot, Buffer.alloc(8192));
    assert.equal(none.get(hot), undefined);
  });
});
