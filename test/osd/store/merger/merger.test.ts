/** Many tiny writes: a chunk never has many extents for long, and nobody notices but by the time that they take. */
import assert from 'node:assert/strict';
import { concatBytes, hexText } from '../../../../base/bytes.js';
import { Draft } from '../../../../osd/store/apply/draft.js';
import { decodeChunk } from '../../../../osd/store/format/chunk-value.js';
import { chunkKey, headKey } from '../../../../osd/store/format/index-key.js';
import { decodeObjectHead } from '../../../../osd/store/format/object-head.js';
import { chunkBytes, chunkExtentsMax, crowdedFactor } from '../../../../osd/store/limits.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import { openOffline } from '../../../../osd/store/tools/offline-store.js';
import type { Store } from '../../../../osd/store/store.js';
import { payloadOf, type Mutation } from '../../../../osd/store/transaction.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import type { Machine } from '../../../../runtime/sim/machine.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import { World } from '../../../../runtime/sim/world.js';
import { directory, freshStore, inWorld, named, pg, transactionOf } from '../one-store.js';

const object = named('log');
const clone = named('clone');
const sizes = { capacityBytes: 72 * 2 ** 20 };

function append(bytes: Uint8Array): Mutation {
  return { kind: 'append', object, data: payloadOf(bytes) };
}

function write(offset: number, bytes: Uint8Array): Mutation {
  return { kind: 'write', object, offset, data: payloadOf(bytes) };
}

/** Of each chunk of a closed store, the largest first. */
async function extentCounts(runtime: Runtime): Promise<number[]> {
  const offline = await openOffline(runtime, directory);
  const counts: number[] = [];
  for (const one of [object, clone]) {
    const stored = await offline.state.index.get(headKey(one));
    if (stored === undefined) continue;
    const head = decodeObjectHead(stored);
    counts.push(head.extents.length);
    for (let chunk = 0; chunk * chunkBytes < head.size; chunk++) {
      const value = await offline.state.index.get(chunkKey(one, chunk));
      if (value !== undefined) counts.push(decodeChunk(value).length);
    }
  }
  await offline.close();
  return counts.sort((a, b) => b - a);
}

async function bytesOf(store: Store, one = object): Promise<string> {
  return hexText(concatBytes(await store.objects.read(one, 0, 2 ** 24)));
}

async function assertSound(runtime: Runtime): Promise<void> {
  assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
}

describe('osd/store/merger: many tiny writes', function () {
  this.timeout(120_000);

  const counts = [
    { name: 'one after the other', together: 1 },
    { name: 'a hundred at a time', together: 100 },
  ];
  for (const { name, together } of counts) {
    it(`appended to one object ${name} leave it with few extents, and with its bytes`, async () => {
      await inWorld(async (runtime) => {
        const prng = new Prng('appends');
        const store = await freshStore(runtime, { layerMsMax: 1e9 }, sizes);
        const expected: Uint8Array[] = [];
        for (let i = 0; i < 2_000;) {
          const durable: Promise<void>[] = [];
          for (let n = 0; n < together; n++, i++) {
            const bytes = prng.bytes(1 + prng.below(90));
            expected.push(bytes);
            durable.push(store.submit(transactionOf([append(bytes)])).durable);
          }
          await Promise.all(durable);
        }
        const { merges, mergedBytes } = store.merged();
        const all = concatBytes(expected);
        assert.ok(merges > 0 && merges < 2_000 / (chunkExtentsMax / 4), `${merges} merges`);
        assert.ok(mergedBytes < 4 * all.byteLength, `${mergedBytes} of ${all.byteLength}`);
        assert.equal(await bytesOf(store), hexText(all));
        await idle(runtime, store);
        await store.close();
        const [most = 0] = await extentCounts(runtime);
        assert.ok(most <= chunkExtentsMax, `${most} extents`);
        await assertSound(runtime);
        const again = await openStore(runtime, directory);
        assert.equal(await bytesOf(again), hexText(all));
        await again.close();
      });
    });
  }

  it('anywhere, with holes between them, over clones and under clones', async () => {
    await inWorld(async (runtime) => {
      const prng = new Prng('anywhere');
      const store = await freshStore(runtime, { layerBytesMax: 20_000 }, sizes);
      const size = 700_000;
      const data = new Uint8Array(size);
      let copy = new Uint8Array(0);
      await store.apply(transactionOf([{ kind: 'truncate', object, size }]));
      for (let i = 0; i < 2_000; i++) {
        const offset = prng.below(size - 600);
        const bytes = prng.bytes(1 + prng.below(600));
        data.set(bytes, offset);
        const { durable } = store.submit(transactionOf([write(offset, bytes)]));
        if (i % 500 === 250) {
          store.submit(transactionOf([{ kind: 'clone', object: clone, source: object }]));
          copy = data.slice();
        }
        if (prng.chance(0.2)) await durable;
      }
      await idle(runtime, store);
      assert.ok(store.merged().merges > 2, `${store.merged().merges}`);
      assert.equal(await bytesOf(store), hexText(data));
      assert.equal(await bytesOf(store, clone), hexText(copy));
      await store.close();
      const [most = 0] = await extentCounts(runtime);
      assert.ok(most <= chunkExtentsMax, `${most} extents`);
      await assertSound(runtime);
    });
  });

  it('wait for the merger where it is far behind, and nobody else does', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { layerMsMax: 1e9 }, sizes);
      const most = await mostExtents(async () => {
        const last = Array.from({ length: 3_000 }, (_, i) => {
          return store.submit(transactionOf([append(Uint8Array.of(i & 0xff))]));
        }).at(-1);
        let isLastApplied = false;
        const applied = last?.applied.then(() => (isLastApplied = true));
        const elsewhere = { pg: { ...pg, pg: 1 }, blockShift: 12, mutations: [append(Uint8Array.of(1))] };
        const mutations: Mutation[] = [{ kind: 'create', object: clone }];
        await store.submit({ ...elsewhere, mutations }).applied;
        assert.ok(!isLastApplied);
        await applied;
        await last?.durable;
      });
      const limit = crowdedFactor * chunkExtentsMax;
      assert.ok(most > chunkExtentsMax && most <= limit + 2, `${most} extents`);
      assert.equal(await bytesOf(store), hexText(Uint8Array.from({ length: 3_000 }, (_, i) => i & 0xff)));
      await store.close();
      await assertSound(runtime);
    });
  });

  it('close a store while some of them wait for the merger', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { layerMsMax: 1e9 }, sizes);
      for (let i = 0; i < 2_000; i++) store.submit(transactionOf([append(Uint8Array.of(i & 0xff))]));
      await store.close();
      const again = await openStore(runtime, directory);
      assert.equal((await again.objects.stat(object))?.size, 2_000);
      await again.close();
      await assertSound(runtime);
    });
  });

  it('merge nothing that cannot be read, and all around it', async () => {
    await onMachine(async (runtime, machine) => {
      const store = await freshStore(runtime, { layerMsMax: 1e9, chunkExtentsMax: 1e9 }, sizes);
      for (let i = 0; i < 100; i++) await store.apply(transactionOf([append(new Uint8Array(20).fill(i))]));
      await store.close();
      const offline = await openOffline(runtime, directory);
      const { extents } = decodeObjectHead((await offline.state.index.get(headKey(object))) ?? assert.fail());
      const { source } = extents[40] ?? assert.fail();
      assert.ok(source.kind === 'own');
      const path = offline.files.path(source.payload.segment);
      await offline.close();
      assert.ok(machine.disk().faults.flipBit(path, source.payload.offset, 1));
      const again = await openStore(runtime, directory, { chunkExtentsMax: 16 });
      for (let i = 100; i < 300; i++) await again.apply(transactionOf([append(new Uint8Array(20).fill(i))]));
      await idle(runtime, again);
      assert.ok(again.merged().unreadable > 0);
      assert.equal(
        hexText(concatBytes(await again.objects.read(object, 780, 20))),
        hexText(new Uint8Array(20).fill(39)),
      );
      assert.equal(
        hexText(concatBytes(await again.objects.read(object, 820, 20))),
        hexText(new Uint8Array(20).fill(41)),
      );
      await assert.rejects(again.objects.read(object, 800, 1), { code: 'CORRUPT' });
      await again.close();
      const [most = 0] = await extentCounts(runtime);
      assert.ok(most < 40, `${most} extents`);
    });
  });

  it('bring down what an earlier version let grow, once somebody writes to it', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { layerMsMax: 1e9, chunkExtentsMax: 1e9 }, sizes);
      const data = new Prng('old').bytes(5_000);
      const writes = Array.from(data, (byte, i) => write(2 * i, Uint8Array.of(byte)));
      await store.apply(transactionOf(writes));
      await store.close();
      assert.deepEqual(await extentCounts(runtime), [5_000]);
      const again = await openStore(runtime, directory);
      await again.apply(transactionOf([write(20_000, Uint8Array.of(1))]));
      await again.apply(transactionOf([write(20_002, Uint8Array.of(1))]));
      await idle(runtime, again);
      await again.close();
      const [most = 0] = await extentCounts(runtime);
      assert.ok(most <= chunkExtentsMax, `${most} extents`);
      const third = await openStore(runtime, directory);
      const read = concatBytes(await third.objects.read(object, 0, 10_000));
      await third.close();
      assert.equal(
        hexText(read),
        hexText(Uint8Array.from({ length: 10_000 }, (_, i) => (i & 1 ? 0 : (data[i / 2] ?? 0)))),
      );
      await assertSound(runtime);
    });
  });
});

/** Everything that was told of is merged. */
async function idle(runtime: Runtime, store: Store): Promise<void> {
  while (store.merged().waiting > 0) await runtime.clock.sleep(1);
}

/** The most extents that a transaction left a chunk with. */
async function mostExtents(body: () => Promise<void>): Promise<number> {
  const prototype: { noteExtents: (this: Draft, ...args: Parameters<Draft['noteExtents']>) => void } = Draft.prototype;
  const before = prototype.noteExtents;
  let most = 0;
  prototype.noteExtents = function noteExtents(chunk, after) {
    most = Math.max(most, after);
    before.call(this, chunk, after);
  };
  try {
    await body();
  } finally {
    prototype.noteExtents = before;
  }
  return most;
}

async function onMachine(body: (runtime: Runtime, machine: Machine) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(async () => {
    const machine = world.machine('a');
    await machine.start('osd', (runtime) => body(runtime, machine)).finished;
  });
}
