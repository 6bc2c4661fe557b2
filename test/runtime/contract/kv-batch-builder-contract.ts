import assert from 'node:assert/strict';
import { utf8Bytes } from '../../../base/bytes.js';
import { batchesWaitingBytesMax } from '../../../runtime/kv.js';
import { binaryKeys, claimOfStore, contentOf, durably, lazily, openStore, put, textOf } from './kv-contents.js';
import { claim, patternBytes, withCode, type OpenHarness } from './harness.js';

/** What every `KvBatchBuilder` promises while nothing crashes. */
export function kvBatchBuilderContract(name: string, open: OpenHarness): void {
  describe(`key-value batches filled bit by bit: ${name}`, () => {
    claimOfStore('show and store nothing before they are written, and then all of it', open, async (kv) => {
      await kv.batch([put('a', 'old'), put('b', 'old')], durably);
      const batch = kv.newBatch();
      assert.deepEqual([batch.operations, batch.bytes], [0, 0]);
      batch.put('a', utf8Bytes('new'));
      batch.delete('b');
      batch.put('cc', utf8Bytes('1'));
      batch.put('cc', utf8Bytes('22'));
      assert.deepEqual([batch.operations, batch.bytes], [4, 4 + 1 + 3 + 4]);
      assert.equal(await contentOf(kv, {}), 'a=old b=old');
      await batch.write(durably);
      assert.equal(await contentOf(kv, {}), 'a=new cc=22');
      assert.deepEqual([batch.operations, batch.bytes], [4, 12]);
    });

    claimOfStore('copy: a value may change at once', open, async (kv) => {
      const batch = kv.newBatch();
      const value = utf8Bytes('before');
      for (const size of [6, 0, 5, 6, 2]) {
        batch.put(`key ${size}`, value.subarray(0, size));
        value.fill(0x20 + size);
      }
      value.fill(0xee);
      await batch.write(lazily);
      assert.equal(await contentOf(kv, {}), `key 0= key 2=&& key 5=${'\x20'.repeat(5)} key 6=${'%'.repeat(6)}`);
    });

    claimOfStore('hold keys and values of any bytes and sizes', open, async (kv) => {
      const batch = kv.newBatch();
      const keys = [...binaryKeys, 'k'.repeat(4096), '\xffk'.repeat(4000)];
      for (const [index, key] of keys.entries()) batch.put(key, patternBytes(index, index));
      for (const size of [4087, 4088, 4089, 70_000, 2_000_000]) batch.put(`size${size}`, patternBytes(size, size));
      await batch.write(lazily);
      for (const [index, key] of keys.entries()) {
        assert.ok(Buffer.from(patternBytes(index, index)).equals((await kv.get(key)) ?? utf8Bytes('absent')));
      }
      for (const size of [4087, 4088, 4089, 70_000, 2_000_000]) {
        const value = await kv.get(`size${size}`);
        assert.ok(value !== undefined && Buffer.from(patternBytes(size, size)).equals(value), String(size));
      }
    });

    claimOfStore('refuse a key that cannot be, and are as they were', open, async (kv) => {
      const batch = kv.newBatch();
      batch.put('a', utf8Bytes('1'));
      for (const key of ['', '\u0100']) {
        assert.throws(() => {
          batch.put(key, utf8Bytes('2'));
        }, withCode('INVALID_ARGUMENT'));
        assert.throws(() => {
          batch.delete(key);
        }, withCode('INVALID_ARGUMENT'));
      }
      assert.deepEqual([batch.operations, batch.bytes], [1, 2]);
      await batch.write(lazily);
      assert.equal(await contentOf(kv, {}), 'a=1');
    });

    claimOfStore('apply in the order in which writes and batches were given', open, async (kv) => {
      for (let round = 0; round < 5; round += 1) {
        const batch = kv.newBatch();
        for (const key of ['a', 'b', 'c']) batch.put(key, utf8Bytes(`built ${round}`));
        const before = Array.from({ length: 10 }, (_, index) => kv.batch([put('a', `before ${index}`)], lazily));
        const writing = batch.write({ sync: round % 2 === 0 });
        const after = Array.from({ length: 10 }, (_, index) => kv.batch([put('c', `after ${index}`)], lazily));
        await Promise.all([...before, writing, ...after]);
        assert.equal(await contentOf(kv, {}), `a=built ${round} b=built ${round} c=after 9`);
      }
    });

    claimOfStore('of two written at once the second is OVERLOADED, and may be written later', open, async (kv) => {
      const first = kv.newBatch();
      const second = kv.newBatch();
      first.put('a', utf8Bytes('first'));
      second.put('a', utf8Bytes('second'));
      const writing = first.write(lazily);
      await assert.rejects(second.write(lazily), withCode('OVERLOADED'));
      await writing;
      assert.equal(await textOf(kv, 'a'), 'first');
      second.put('b', utf8Bytes('more'));
      await second.write(lazily);
      assert.equal(await contentOf(kv, {}), 'a=second b=more');
    });

    claimOfStore('do not count against the bytes of batches that wait', open, async (kv) => {
      const value = new Uint8Array(batchesWaitingBytesMax / 2);
      const batch = kv.newBatch();
      batch.put('a', value);
      batch.put('b', value);
      const large = { type: 'put', key: 'c', value: new Uint8Array(batchesWaitingBytesMax + 1) } as const;
      await Promise.all([batch.write(lazily), kv.batch([large], lazily)]);
      assert.equal((await kv.get('c'))?.byteLength, batchesWaitingBytesMax + 1);
    });

    claimOfStore('may be written empty', open, async (kv) => {
      await kv.newBatch().write(durably);
      await kv.newBatch().write(lazily);
      assert.equal(await contentOf(kv, {}), '');
    });

    claimOfStore('are CLOSED once written or closed; closing again is fine', open, async (kv) => {
      const dropped = kv.newBatch();
      dropped.put('a', utf8Bytes('dropped'));
      await Promise.all([dropped.close(), dropped.close()]);
      const written = kv.newBatch();
      written.put('b', utf8Bytes('written'));
      const writing = written.write(lazily);
      for (const batch of [dropped, written]) {
        assert.throws(() => {
          batch.put('c', utf8Bytes('1'));
        }, withCode('CLOSED'));
        assert.throws(() => {
          batch.delete('b');
        }, withCode('CLOSED'));
        await assert.rejects(batch.write(lazily), withCode('CLOSED'));
        await batch.close();
      }
      await writing;
      await written.close();
      assert.equal(await contentOf(kv, {}), 'b=written');
    });

    claim('end with their store, whose close waits for the one being written', open, async (harness) => {
      const kv = await openStore(harness);
      const left = kv.newBatch();
      left.put('a', utf8Bytes('left'));
      const batch = kv.newBatch();
      batch.put('b', patternBytes(500_000));
      const writing = batch.write(durably);
      const closing = kv.close();
      assert.throws(() => kv.newBatch(), withCode('CLOSED'));
      assert.throws(() => {
        left.put('a', utf8Bytes('more'));
      }, withCode('CLOSED'));
      await assert.rejects(left.write(lazily), withCode('CLOSED'));
      await writing;
      await closing;
      await assert.rejects(left.write(lazily), withCode('CLOSED'));
      await left.close();
      const again = await openStore(harness);
      assert.equal((await again.get('b'))?.byteLength, 500_000);
      assert.equal(await again.get('a'), undefined);
      await again.close();
    });
  });
}
