/** A store that nothing is wrong with has no findings: closed, abandoned, behind a crash. */
import assert from 'node:assert/strict';
import { fsck, type FsckResult } from '../../../../osd/store/tools/fsck/fsck.js';
import { poolId } from '../../../../cluster/ids.js';
import { mkfs } from '../../../../osd/store/mkfs.js';
import { objectId } from '../../../../osd/store/object-id.js';
import { payloadOf, type Mutation } from '../../../../osd/store/transaction.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { World } from '../../../../runtime/sim/world.js';
import { forEachSeed } from '../../../sim/seeds.js';
import { inWorld, makeStore, onDisk, pgNum, simDirectory } from './made-store.js';

const pgNums = new Map([
  [1, pgNum],
  [2, pgNum],
]);

function assertClean(result: FsckResult): void {
  assert.deepEqual(
    result.findings.map(({ code, message }) => `${code}: ${message}`),
    [],
  );
  assert.ok(result.isComplete);
}

/** A store at whose making the power fails, checked before and after it is opened again. */
async function crashAndCheck(seed: number): Promise<void> {
  const world = new World({ seed });
  const machine = world.machine('a');
  await world.main(async () => {
    const crashed = machine.crashAtIoBoundary(100 + ((seed * 37) % 900));
    const first = machine.start(
      'osd',
      async (runtime) => {
        const { store } = await makeStore(runtime, simDirectory, {
          seed,
          storeOptions: { layerBytesMax: 60_000 },
          isTiny: seed % 2 === 0,
          splits: seed % 3 !== 0,
        });
        await store.close();
      },
      { mayFail: true },
    );
    await Promise.race([crashed, first.finished]);
    if (!machine.isUp) machine.restart();
    const second = machine.start('fsck', async (runtime) => {
      assertClean(await fsck(runtime, simDirectory, { deep: true, pgNums }));
      const store = await openStore(runtime, simDirectory);
      await store.close();
      assertClean(await fsck(runtime, simDirectory, { deep: true, pgNums }));
    });
    await second.finished;
  });
}

describe('osd/store/tools/fsck: a sound store', () => {
  it('has no finding, closed or abandoned with a log behind the checkpoint', async function () {
    this.timeout(process.env['SEEDS'] === undefined ? 60_000 : 0);
    await forEachSeed({ count: 20, boxMs: 3_000 }, async (seed) => {
      await inWorld(seed, async (runtime) => {
        const { store, reference } = await makeStore(runtime, simDirectory, {
          seed,
          isTiny: seed % 2 === 0,
          splits: seed % 3 !== 0,
        });
        await store.abandon();
        const before = await fsck(runtime, simDirectory, { deep: true, pgNums });
        assertClean(before);
        assert.equal(before.objects, reference.objects.size);
        assert.ok(before.payloadBytesVerified > 0 && before.batchesVerified > 0);
        const again = await openStore(runtime, simDirectory);
        await again.close();
        const after = await fsck(runtime, simDirectory, { deep: true, repair: true });
        assertClean(after);
        assert.equal(after.repaired, 'nothing to do');
        assert.equal(after.replayedBatches, 0);
        assert.equal(after.liveBytes, before.liveBytes);
      });
    });
  });

  it('has none behind a crash of the machine, before and after it is opened again', async function () {
    this.timeout(process.env['SEEDS'] === undefined ? 60_000 : 0);
    await forEachSeed({ count: 40, boxMs: 3_000 }, crashAndCheck);
  });

  it('has none where a crash cut off the padding of the last batch (seed 17)', async () => await crashAndCheck(17));

  for (const where of ['in memory', 'in LevelDB']) {
    it(`has none when moved bodies went with a range of their omap, ${where}`, async () => {
      await inWorld(1, async (runtime) => {
        await mkfs(runtime, simDirectory, { osd: 1, capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 20 });
        const store = await openStore(runtime, simDirectory);
        const object = objectId(poolId(1), { namespace: '', locator: '', name: 'one' });
        const run = (...mutations: Mutation[]): Promise<void> =>
          store.apply({ pg: { pool: poolId(1), pg: 0 }, blockShift: 12, mutations });
        const body = payloadOf(new Uint8Array(5_000));
        await run({ kind: 'omap-set', object, key: 'a', head: undefined, bodies: [{ slot: 0, body }] });
        await run({ kind: 'omap-move', object, from: 'a', to: 'b' });
        if (where === 'in LevelDB') await store.checkpoint();
        await run({ kind: 'omap-remove-range', object, from: '', to: undefined });
        await store.abandon();
        assertClean(await fsck(runtime, simDirectory, { deep: true }));
        const again = await openStore(runtime, simDirectory);
        await again.close();
        assertClean(await fsck(runtime, simDirectory, { deep: true }));
        const kv = await runtime.kv.open(`${simDirectory}/index`);
        assert.deepEqual(await kv.iterate({ gte: 'r', lt: 's' }).next(10), []);
        await kv.close();
      });
    });
  }

  it('has none on the real disk, LevelDB files included', async function () {
    this.timeout(process.env['SEEDS'] === undefined ? 60_000 : 0);
    await onDisk(async (runtime, directory) => {
      const { store } = await makeStore(runtime, directory, { seed: 5, operations: 600, checkpointEvery: 60 });
      await assert.rejects(fsck(runtime, directory), { code: 'LOCKED' });
      await store.abandon();
      assertClean(await fsck(runtime, directory, { deep: true, pgNums }));
      const again = await openStore(runtime, directory);
      await again.close();
      const progress: number[] = [];
      const result = await fsck(runtime, directory, {
        deep: true,
        onProgress: ({ bytes, bytesTotal }) => progress.push(bytes, bytesTotal),
      });
      assertClean(result);
      assert.ok(result.indexFileBytes > 0);
      assert.ok(progress.length > 0);
      for (let i = 0; i < progress.length; i += 2) {
        assert.ok((progress[i] ?? 0) >= (progress[i - 2] ?? 0), 'it goes forward');
        assert.ok((progress[i] ?? 0) <= (progress[i + 1] ?? 0), 'and not beyond the total');
      }
    });
  });
});
