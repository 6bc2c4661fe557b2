/** A segment that the last durable header or checkpoint names as the log's end is not recycled. */
import assert from 'node:assert/strict';
import { openStore } from '../../../osd/store/open-store.js';
import { World } from '../../../runtime/sim/world.js';
import { directory, freshStore, named, transactionOf } from './one-store.js';

describe('osd/store/segments: recycling', () => {
  it('never takes the segment that the log just left, before a later batch is durable', async function () {
    this.timeout(60_000);
    for (let boundary = 1; boundary <= 30; boundary++) {
      const world = new World({ seed: boundary });
      const machine = world.machine('a');
      await world.main(async () => {
        const first = machine.start('osd', async (runtime) => {
          const small = { capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 22 };
          const store = await freshStore(runtime, { prewrite: false, layerMsMax: 1e9 }, small);
          // Attributes only: no segment ever holds a live byte.
          const set = new Map([['a', new Uint8Array(50_000)]]);
          const put = transactionOf([{ kind: 'set-attributes', object: named('one'), set }]);
          while (store.logEnd().offset < 2 ** 22 - 60_000) await store.apply(put);
          await runtime.clock.sleep(100);
          await store.checkpoint();
          await runtime.clock.sleep(100);
          void machine.crashAtIoBoundary(boundary);
          // They do not fit where the log is, so it goes on elsewhere; together they take longer to write than a header.
          await Promise.all(Array.from({ length: 60 }, () => store.apply(put)));
          await runtime.clock.sleep(100);
        });
        await Promise.race([first.finished, world.sleep(10_000)]);
        machine.crash();
        machine.restart();
        const second = machine.start('osd', async (runtime) => {
          const store = await openStore(runtime, directory);
          assert.equal((await store.objects.stat(named('one')))?.attributes.size, 1);
          await store.close();
        });
        await second.finished;
      });
    }
  });
});
