/** Objects of very many extents: no turn of the event loop does more than a slice of what they need. */
import assert from 'node:assert/strict';
import { concatBytes } from '../../../base/bytes.js';
import { Draft } from '../../../osd/store/apply/draft.js';
import { Index } from '../../../osd/store/index/index.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import { fsck } from '../../../osd/store/tools/fsck/fsck.js';
import { payloadOf, type Mutation } from '../../../osd/store/transaction.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';
import { directory, freshStore, inWorld, named, pool, transactionOf } from './one-store.js';

const big = { capacityBytes: 2 ** 30, segmentBytes: 2 ** 26 };
const options = { layerBytesMax: 1e9, layerMsMax: 1e9, prewrite: false, bulkBytesMin: 32 * 1024 };
const volume = named('volume');
const snapshot = named('snapshot');
const extents = 6_000;
const extentBytes = 16;
const apart = 4_096;

/** Keys of the index that are looked at or changed from one commit to the next: what one turn does, at most. */
class WorkWatch {
  most = 0;
  #now = 0;

  /** Counts while `body` runs. */
  async during(body: () => Promise<void>): Promise<void> {
    const undo = [
      ...(['peek', 'put', 'delete'] as const).map((name) => wrap(Index.prototype, name, () => (this.#now += 1))),
      wrap(Draft.prototype, 'commit', () => {
        // Of the commit itself, too, which comes now.
        queueMicrotask(() => this.#turn());
      }),
    ];
    try {
      await body();
    } finally {
      for (const one of undo) one();
    }
  }

  #turn(): void {
    this.most = Math.max(this.most, this.#now);
    this.#now = 0;
  }
}

/** Calls `before` ahead of each call of a method; returns what undoes that. */
function wrap<K extends string>(prototype: { [key in K]: unknown }, name: K, before: () => void): () => void {
  const original = prototype[name] as (...args: unknown[]) => unknown;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  const value = function (this: unknown, ...args: unknown[]): unknown {
    before();
    return original.apply(this, args);
  };
  Object.defineProperty(prototype, name, { ...descriptor, value });
  return () => {
    Object.defineProperty(prototype, name, descriptor);
  };
}

async function fill(store: Store): Promise<void> {
  for (let at = 0; at < extents; at += 3_000) {
    const writes = Array.from({ length: 3_000 }, (_, i): Mutation => {
      const data = payloadOf(new Uint8Array(extentBytes).fill((at + i) % 251));
      return { kind: 'write', object: volume, offset: (at + i) * apart, data };
    });
    await store.apply(transactionOf(writes));
  }
}

async function assertVolume(store: Store, object = volume): Promise<void> {
  for (const i of [0, 1, 3_000, extents - 1]) {
    const bytes = concatBytes(await store.objects.read(object, i * apart, extentBytes));
    assert.deepEqual(bytes, new Uint8Array(extentBytes).fill(i % 251), `extent ${i} of ${object.name.name}`);
  }
}

async function until(runtime: Runtime, isDone: () => boolean): Promise<void> {
  for (let left = 10_000; !isDone(); left--) {
    assert.ok(left > 0, 'it ends');
    await runtime.clock.sleep(1);
  }
}

async function change(store: Store, mutation: Mutation): Promise<void> {
  await store.apply(transactionOf([mutation]));
}

describe('osd/store: objects of very many extents', function () {
  this.timeout(60_000);

  it('are cloned and removed in slices, and all they had is free in the end', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, options, big);
      await fill(store);
      const watch = new WorkWatch();
      const all = extents * extentBytes;
      const cases: readonly [Mutation, number][] = [
        [{ kind: 'clone', object: snapshot, source: volume }, all],
        // The second time, all of it is shared already; and what was there is let go of.
        [{ kind: 'clone', object: snapshot, source: volume }, all],
        [{ kind: 'punch', object: volume, offset: 10, bytes: extents * apart }, all],
        // The first payload is still shown, in part.
        [{ kind: 'remove', object: snapshot }, extentBytes],
      ];
      for (const [mutation, live] of cases) {
        watch.most = 0;
        const { slices } = store.bulk();
        await watch.during(async () => {
          await change(store, mutation);
          if (live === all) await assertVolume(store, snapshot);
          await until(runtime, () => store.space().liveBytes === live && !store.bulk().isBusy);
        });
        // Each extent that is let go of, or cloned, is two keys at least: its payload, and who owns that.
        assert.ok(watch.most > 0 && watch.most < extents / 2, `${watch.most} keys in one turn to ${mutation.kind}`);
        assert.ok(store.bulk().slices - slices > 10, `${store.bulk().slices - slices} slices to ${mutation.kind}`);
      }
      await store.close();
      assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
    });
  });

  it('leave nothing behind, wherever the power fails meanwhile', async () => {
    const seen = new Set<string>();
    for (let boundary = 1; boundary < 260; boundary += 9) {
      const world = new World({ seed: boundary });
      const machine = world.machine('a');
      await world.main(async () => {
        let onCrash = (): void => undefined;
        const crashed = new Promise<void>((resolve) => (onCrash = resolve));
        const first = machine.start('osd', async (runtime) => {
          const store = await freshStore(runtime, { ...options, bulkBytesMin: 30 });
          const writes = Array.from({ length: 40 }, (_, i): Mutation => {
            return { kind: 'write', object: volume, offset: i * 50_000, data: payloadOf(new Uint8Array(16).fill(i)) };
          });
          await store.apply(transactionOf(writes));
          await store.checkpoint();
          void machine.crashAtIoBoundary(boundary).then(onCrash);
          for (const mutation of [
            { kind: 'clone', object: snapshot, source: volume },
            { kind: 'remove', object: volume },
            { kind: 'remove', object: snapshot },
          ] as const) {
            await change(store, mutation);
            await until(runtime, () => !store.bulk().isBusy);
          }
        });
        await Promise.race([first.finished, crashed]);
        if (!machine.isUp) machine.restart();
        else first.kill();
        void machine.crashAtIoBoundary(2 ** 40);
        const second = machine.start('osd', async (runtime) => {
          const store = await openStore(runtime, directory, options);
          await until(runtime, () => !store.bulk().isBusy);
          const objects = [];
          for (const object of [volume, snapshot]) {
            if ((await store.objects.stat(object)) === undefined) continue;
            objects.push(object.name.name);
            const bytes = concatBytes(await store.objects.read(object, 39 * 50_000, 16));
            assert.deepEqual(bytes, new Uint8Array(16).fill(39));
          }
          seen.add(objects.join(' and '));
          assert.equal(store.space().liveBytes, objects.length === 0 ? 0 : 40 * 16);
          await store.close();
          assert.deepEqual((await fsck(runtime, directory)).findings, []);
        });
        await second.finished;
      });
    }
    assert.ok(seen.size >= 3, `it failed at ${[...seen].join(', ')} only`);
  });

  it('are cloned as they are when it is their turn, whoever writes to them until then', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, options, big);
      await fill(store);
      const cloned = change(store, { kind: 'clone', object: snapshot, source: volume });
      await until(runtime, () => store.bulk().aheadChunks > 20);
      const data = payloadOf(new Uint8Array(extentBytes).fill(255));
      // Through another PG, whose transactions wait for nothing of this one.
      const write = { kind: 'write', object: volume, offset: apart, data } as const;
      await store.apply(transactionOf([write], { pg: { pool, pg: 1 } }));
      await cloned;
      const read = async (i: number): Promise<number | undefined> => {
        return concatBytes(await store.objects.read(snapshot, i * apart, 1))[0];
      };
      assert.deepEqual(
        [await read(0), await read(1), await read(2), await read(extents - 1)],
        [0, 255, 2, (extents - 1) % 251],
      );
      await until(runtime, () => !store.bulk().isBusy);
      await store.close();
      assert.deepEqual((await fsck(runtime, directory)).findings, []);
    });
  });
});
