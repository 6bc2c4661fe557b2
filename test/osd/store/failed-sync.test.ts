/** What a store says of a batch whose sync failed, once its process was started again: nothing that a crash then belies. */
import assert from 'node:assert/strict';
import { concatBytes } from '../../../base/bytes.js';
import { logBlockKey } from '../../../osd/store/format/index-key.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import type { ObjectId } from '../../../osd/store/object-id.js';
import { openStore } from '../../../osd/store/open-store.js';
import { encodeLogBlock } from '../../../osd/store/pg/log-block.js';
import { fsck } from '../../../osd/store/tools/fsck/fsck.js';
import { payloadOf } from '../../../osd/store/transaction.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import { World } from '../../../runtime/sim/world.js';
import { directory, named, pg, transactionOf } from './one-store.js';

const before = named('before');
const failed = named('failed');
const data = new Uint8Array(20_000).fill(7);

/** The second write fails in its sync, and the process ends as a daemon does. */
async function failSync(machine: Machine): Promise<void> {
  const process = machine.start('osd', async (runtime) => {
    await mkfs(runtime, directory, { osd: 0, capacityBytes: 18 * 2 ** 20, segmentBytes: 2 ** 20 });
    const store = await openStore(runtime, directory, { layerMsMax: 1e9, onFailed: () => undefined });
    const write = (object: ObjectId): Promise<void> =>
      store.apply(transactionOf([{ kind: 'write', object, offset: 0, data: payloadOf(data) }]));
    await write(before);
    // Until the segments to come are prepared: the sync that fails is the log's.
    await runtime.clock.sleep(1_000);
    machine.disk().faults.failNextSyncs = 1;
    await assert.rejects(write(failed), { code: 'IO_ERROR' });
  });
  await process.finished;
  process.kill();
}

async function run(machine: Machine, body: (runtime: Runtime) => Promise<void>): Promise<void> {
  const process = machine.start('osd', body);
  await process.finished;
  process.kill();
  assert.equal(process.failure, undefined);
}

async function holdsFailed(runtime: Runtime): Promise<boolean> {
  const store = await openStore(runtime, directory);
  const read = async (object: ObjectId): Promise<Uint8Array> =>
    concatBytes(await store.objects.read(object, 0, data.byteLength));
  assert.deepEqual(await read(before), data);
  const holds = (await store.objects.stat(failed)) !== undefined;
  if (holds) assert.deepEqual(await read(failed), data);
  await store.abandon();
  return holds;
}

/** In so many worlds the page cache still shows the batch. */
const seeds = Array.from({ length: 30 }, (_, i) => i + 1);

describe('osd/store: after a failed sync', () => {
  it('what an opened store shows of the batch survives the machine', async () => {
    let shown = 0;
    for (const seed of seeds) {
      const world = new World({ seed });
      const machine = world.machine('a');
      await world.main(async () => {
        await failSync(machine);
        const seen = { holds: false };
        await run(machine, async (runtime) => {
          seen.holds = await holdsFailed(runtime);
        });
        if (seen.holds) shown += 1;
        machine.crash();
        machine.restart();
        await run(machine, async (runtime) => {
          assert.equal(await holdsFailed(runtime), seen.holds, `seed ${seed}`);
        });
      });
    }
    assert.ok(shown > seeds.length / 2, `${shown} stores showed the batch`);
  });

  it('a store whose disk refuses the batch again is not opened', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('a');
    await world.main(async () => {
      await failSync(machine);
      machine.disk().faults.failNextSyncs = 1;
      await run(machine, async (runtime) => {
        await assert.rejects(openStore(runtime, directory), { code: 'IO_ERROR' });
      });
    });
  });

  it('a repair covers nothing that the machine can lose', async () => {
    for (const seed of seeds) {
      const world = new World({ seed });
      const machine = world.machine('a');
      await world.main(async () => {
        await failSync(machine);
        await run(machine, async (runtime) => {
          const kv = await runtime.kv.open(`${directory}/index`);
          const value = encodeLogBlock([]);
          await kv.batch([{ type: 'put', key: logBlockKey(pg, 1_000_000), value }], { sync: true });
          await kv.close();
          assert.equal((await fsck(runtime, directory, { repair: true })).repaired, 'done');
        });
        machine.crash();
        machine.restart();
        await run(machine, async (runtime) => {
          assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, [], `seed ${seed}`);
        });
      });
    }
  });
});
