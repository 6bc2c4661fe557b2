/** The boot counter of a store: each value is given out once, whatever happens. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { openStore } from '../../../osd/store/open-store.js';
import { payloadOf } from '../../../osd/store/transaction.js';
import { World } from '../../../runtime/sim/world.js';
import { forEachSeed } from '../../sim/seeds.js';
import { directory, freshStore, inWorld, named, transactionOf } from './one-store.js';

describe('store: the boot counter of a registration', function () {
  this.timeout(60_000);

  it('goes up by one with each call, and with each opening', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      assert.equal(store.boot, 1);
      assert.deepEqual(await Promise.all([store.raiseBoot(), store.raiseBoot()]), [2, 3]);
      assert.equal(store.boot, 3);
      await store.close();
      const again = await openStore(runtime, directory);
      assert.equal(again.boot, 4);
      await again.close();
    });
  });

  it('is raised on a store that is full', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { spaceWaitMs: 10 });
      const bytes = new Uint8Array(200_000).fill(1);
      const fill = async (): Promise<void> => {
        for (let n = 0; ; n++) {
          const write = { kind: 'write', object: named(`o${n}`), offset: 0, data: payloadOf(bytes) } as const;
          await store.apply(transactionOf([write]));
        }
      };
      await assert.rejects(fill(), { code: 'NO_SPACE' });
      assert.equal(await store.raiseBoot(), 2);
      await store.close();
    });
  });

  it('was never given out before, also when the power failed at any moment', async () => {
    let raised = 0;
    await forEachSeed({ count: 60, boxMs: 2_000 }, async (seed) => {
      const world = new World({ seed });
      const machine = world.machine('a');
      await world.main(async () => {
        await machine.start('mkfs', async (runtime) => (await freshStore(runtime)).close()).finished;
        const stream = world.stream('crash');
        const given = new Set<number>([1]);
        for (let round = 0; round < 4; round++) {
          const crashed = machine.crashAtIoBoundary(1 + stream.below(150));
          machine.start('osd', async (runtime) => {
            const store = await openStore(runtime, directory, { layerMsMax: 20 });
            const note = (boot: number): void => {
              assert.ok(!given.has(boot), `${boot} was given out before`);
              given.add(boot);
            };
            note(store.boot);
            for (;;) {
              note(await store.raiseBoot());
              raised += 1;
            }
          });
          await crashed;
          machine.restart();
        }
      });
    });
    assert.ok(raised > 0);
  });

  it('is not raised any more once the store is closed', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      await store.close();
      await assert.rejects(store.raiseBoot(), (error) => isCairnError(error, 'CLOSED'));
    });
  });
});
