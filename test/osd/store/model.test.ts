/**
 * Random transactions on a store and on a reference in memory; what reads return is compared all the while: in batches that
 * are not durable yet, in layers, in LevelDB, after reopening.
 *
 *     SEED=17 npx mocha dist/test/osd/store/model.test.js         replays one seed
 *     SEEDS=1000 npx mocha --timeout 0 dist/test/osd/store/model.test.js          a million operations
 */
import { openStore } from '../../../osd/store/open-store.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import { Prng } from '../../../runtime/sim/prng.js';
import { World } from '../../../runtime/sim/world.js';
import { forEachSeed } from '../../sim/seeds.js';
import { compareAll, compareObject, compareRange } from './compare.js';
import { Reference } from './reference.js';
import { Workload } from './workload.js';

const directory = '/data/osd';
const operationsPerSeed = 1_000;

async function runModel(seed: number): Promise<void> {
  const world = new World({ seed });
  const machine = world.machine('a');
  await world.main(async () => {
    const process = machine.start('osd', async (runtime) => {
      await mkfs(runtime, directory, { osd: 1, capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 20 });
      const prng = new Prng(`${seed}/model`);
      const reference = new Reference();
      const workload = new Workload(prng, {
        objects: 12,
        writeBytesMax: prng.pick([2_000, 60_000, 80_000]),
        objectBytesMax: prng.pick([30_000, 700_000]),
        tiny: seed % 3 === 0 ? new Prng(`${seed}/tiny`) : undefined,
      });
      const options = {
        layerBytesMax: prng.pick([4_000, 60_000, 1_000_000]),
        layerMsMax: prng.pick([5, 1_000]),
        readCacheBytes: prng.pick([0, 10_000, 1_000_000]),
        prewrite: prng.chance(0.5),
        ...(seed % 3 === 0 ? { chunkExtentsMax: 8 } : {}),
      };
      const splits = seed % 2 === 0 ? new Prng(`${seed}/splits`) : undefined;
      let store = await openStore(runtime, directory, options);
      let last: Promise<void> = Promise.resolve();
      for (let i = 0; i < operationsPerSeed; i++) {
        const split = splits?.chance(0.01) === true ? workload.split(splits, reference) : undefined;
        const transaction = split ?? workload.next(reference);
        const { applied, durable } = store.submit(transaction);
        reference.apply(transaction);
        last = durable;
        await applied;
        if (prng.chance(0.1)) await compareObject(store, reference, prng.pick(workload.objects));
        if (prng.chance(0.2)) await compareRange(store, reference, prng.pick(workload.objects), prng);
        if (prng.chance(0.1)) await durable;
        if (prng.chance(0.01)) await runtime.clock.sleep(20);
        if (prng.chance(0.005)) await store.checkpoint();
        if (prng.chance(0.005)) {
          await store.close();
          store = await openStore(runtime, directory, options);
          await compareAll(store, reference, workload.objects, (object) => workload.pgOf(object));
        }
      }
      await last;
      await compareAll(store, reference, workload.objects, (object) => workload.pgOf(object));
      await store.close();
    });
    await process.finished;
  });
}

describe('osd/store: random transactions', () => {
  it('do what a simple model in memory does', async function () {
    // A timeout in the middle of a world would read the real clock there.
    this.timeout(process.env['SEEDS'] === undefined ? 300_000 : 0);
    await forEachSeed({ count: 50, boxMs: 120_000 }, runModel);
  });
});
