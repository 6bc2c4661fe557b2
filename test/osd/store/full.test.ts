/** A store that is full: it refuses, it takes deletes, it comes back. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { concatBytes } from '../../../base/bytes.js';
import { poolId } from '../../../cluster/ids.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import { objectId, type ObjectId } from '../../../osd/store/object-id.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import type { SpaceLevel } from '../../../osd/store/store-options.js';
import { payloadOf, type Mutation } from '../../../osd/store/transaction.js';
import { Prng } from '../../../runtime/sim/prng.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';

const directory = '/data/osd';
const pool = poolId(1);
const pg = { pool, pg: 0 };

function numbered(number: number): ObjectId {
  return objectId(pool, { namespace: '', locator: '', name: `n${number}` });
}

async function put(store: Store, number: number, bytes: number): Promise<void> {
  const data = new Uint8Array(bytes).fill(number);
  await store.apply({
    pg,
    blockShift: 16,
    mutations: [{ kind: 'write', object: numbered(number), offset: 0, data: payloadOf(data) }],
  });
}

async function change(store: Store, mutation: Mutation): Promise<void> {
  await store.apply({ pg, blockShift: 16, mutations: [mutation] });
}

/** Writes objects until the store refuses. Returns how many it took. */
async function fill(store: Store, bytes: number, from = 0): Promise<number> {
  for (let number = from; ; number++) {
    try {
      await put(store, number, bytes);
    } catch (error) {
      if (!isCairnError(error, 'NO_SPACE')) throw error;
      assert.match(error.message, /full.*usable bytes.*delete something/s);
      return number;
    }
  }
}

async function inWorld(body: (runtime: Runtime) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(async () => {
    await world.machine('a').start('osd', body).finished;
  });
}

async function smallStore(runtime: Runtime, levels: SpaceLevel[] = []): Promise<Store> {
  await mkfs(runtime, directory, { osd: 0, capacityBytes: 24 * 2 ** 20, segmentBytes: 2 ** 19 });
  return await openStore(runtime, directory, { layerBytesMax: 200_000, onSpaceLevel: (level) => levels.push(level) });
}

describe('osd/store: a full store', () => {
  it('refuses, takes deletes, and can be filled again to the same height, over and over', async function () {
    this.timeout(60_000);
    await inWorld(async (runtime) => {
      const levels: SpaceLevel[] = [];
      const store = await smallStore(runtime, levels);
      const heights: number[] = [];
      for (let round = 0; round < 3; round++) {
        const count = await fill(store, 40_000);
        heights.push(count);
        const { liveBytes, usableBytes } = store.space();
        assert.ok(liveBytes > 0.8 * usableBytes, `${liveBytes} of ${usableBytes} are in use when it refuses`);
        const sample = concatBytes(await store.objects.read(numbered(count - 1), 0, 40_000));
        assert.ok(sample.every((byte) => byte === ((count - 1) & 0xff)));
        for (let number = 0; number < count; number++)
          await change(store, { kind: 'remove', object: numbered(number) });
        assert.equal(store.space().liveBytes, 0);
      }
      assert.ok(
        heights.every((height) => Math.abs(height - (heights[0] ?? 0)) <= 10),
        `heights ${heights.join(', ')}`,
      );
      assert.deepEqual([levels.includes('full'), levels.at(-1)], [true, 'ok']);
      await store.close();
    });
  });

  it('wins back the room of overwritten bytes while it is nearly full', async function () {
    this.timeout(60_000);
    await inWorld(async (runtime) => {
      const store = await smallStore(runtime);
      const count = Math.floor((await fill(store, 40_000)) * 0.9);
      for (let number = count; ; number++) {
        if ((await store.objects.stat(numbered(number))) === undefined) break;
        await change(store, { kind: 'remove', object: numbered(number) });
      }
      const prng = new Prng('overwrites');
      // Ten times what the store holds: every segment is cleaned several times.
      for (let i = 0; i < 10 * count; i++) await put(store, prng.below(count), 40_000);
      assert.ok(store.cleaned().segments > 20, `${store.cleaned().segments} segments were cleaned`);
      for (let number = 0; number < count; number++) {
        const bytes = concatBytes(await store.objects.read(numbered(number), 0, 40_000));
        assert.ok(bytes.byteLength === 40_000 && bytes.every((byte) => byte === (number & 0xff)), `object ${number}`);
      }
      await store.close();
    });
  });

  it('takes deletes after it was killed while full', async () => {
    const world = new World({ seed: 2 });
    const machine = world.machine('a');
    await world.main(async () => {
      let count = 0;
      const first = machine.start('osd', async (runtime) => {
        count = await fill(await smallStore(runtime), 40_000);
      });
      await first.finished;
      machine.crash();
      machine.restart();
      const second = machine.start('osd', async (runtime) => {
        const store = await openStore(runtime, directory);
        count = await fill(store, 40_000, count);
        for (let number = 0; number < count; number++)
          await change(store, { kind: 'remove', object: numbered(number) });
        await put(store, 1, 40_000);
        await store.close();
      });
      await second.finished;
    });
  });
});
