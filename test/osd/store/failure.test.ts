/** What a store says and does when it fails, closes, or is short of room. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { Checkpointer } from '../../../osd/store/checkpoint/checkpointer.js';
import { openStore } from '../../../osd/store/open-store.js';
import { Space } from '../../../osd/store/space/space.js';
import { payloadOf } from '../../../osd/store/transaction.js';
import { World } from '../../../runtime/sim/world.js';
import { directory, entryOf, freshStore, inWorld, named, pg, transactionOf, withMethod } from './one-store.js';

describe('osd/store: failing and closing', () => {
  it('takes nothing more once a checkpoint failed, and closes', async () => {
    const world = new World({ seed: 3 });
    const machine = world.machine('a');
    await world.main(async () => {
      const process = machine.start('osd', async (runtime) => {
        const failures: string[] = [];
        const store = await freshStore(runtime, { layerMsMax: 1e9, onFailed: ({ code }) => failures.push(code) });
        await store.apply(transactionOf([{ kind: 'create', object: named('first') }]));
        const fail = (): Promise<never> => Promise.reject(new Error('LevelDB failed'));
        await withMethod(Checkpointer.prototype, 'write', fail, async () => {
          await assert.rejects(store.checkpoint(), { message: /LevelDB failed/ });
        });
        assert.deepEqual(failures, ['INTERNAL']);
        assert.throws(() => store.submit(transactionOf([])));
        await store.close();
      });
      await process.finished;
    });
  });

  it('lets no batch follow into the log after it failed and was closed', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { layerMsMax: 1e9, onFailed: () => undefined });
      const data = payloadOf(new Uint8Array(50_000));
      const outcomes: Promise<unknown>[] = [];
      for (let i = 0; i < 12; i++) {
        const { durable } = store.submit(
          transactionOf([{ kind: 'write', object: named(`n${i}`), offset: 0, data }], { entry: entryOf(i + 1) }),
        );
        outcomes.push(
          durable.then(
            () => 'done',
            (error: unknown) => (isCairnError(error) ? error.applied : error),
          ),
        );
      }
      await store.abandon();
      assert.deepEqual(new Set(await Promise.all(outcomes)), new Set(['maybe']));
      // The next opening finds an end that nobody moves any more.
      const again = await openStore(runtime, directory);
      const { lastSeq } = again.logBounds(pg);
      await again.apply(transactionOf([], { entry: entryOf(lastSeq + 1) }));
      await runtime.clock.sleep(1_000);
      await again.close();
      const last = await openStore(runtime, directory);
      assert.equal(last.logBounds(pg).lastSeq, lastSeq + 1);
      await last.close();
    });
  });
});

describe('osd/store: checkpoints on demand', () => {
  it('cover what was applied before the call, whatever else is under way', async () => {
    await inWorld(async (runtime) => {
      const options = { layerBytesMax: 1, layerMsMax: 1e9 };
      let store = await freshStore(runtime, options);
      for (let round = 0; round < 20; round++) {
        store.submit(transactionOf([{ kind: 'create', object: named(`a${round}`) }]));
        if (round % 2 === 0) await runtime.clock.sleep(0);
        store.submit(transactionOf([{ kind: 'create', object: named(`b${round}`) }]));
        if (round % 3 === 0) await Promise.all([store.checkpoint(), store.checkpoint(), store.checkpoint()]);
        else await store.checkpoint();
        await store.abandon();
        store = await openStore(runtime, directory, options);
        assert.equal(store.replayedBatches, 0, `round ${round}`);
      }
      await store.close();
    });
  });

  it('end while others keep on writing', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { layerMsMax: 1e9 });
      const limit = { written: 3_000 };
      let written = 0;
      const load = async (): Promise<void> => {
        while (written < limit.written) {
          written += 1;
          store.submit(transactionOf([{ kind: 'create', object: named(`n${written}`) }]));
          await runtime.clock.sleep(0.02);
        }
      };
      const loading = load();
      await store.checkpoint();
      limit.written = 0;
      await loading;
      assert.ok(written < 1_000, `${written} transactions were written before a checkpoint ended`);
      await store.close();
    });
  });
});

describe('osd/store: short of room', () => {
  it('refuses all that waited long enough at one time, not one after the other', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { spaceWaitMs: 1_000 });
      const wait = (): string => 'wait';
      await withMethod(Space.prototype, 'admits', wait, async () => {
        const began = runtime.clock.now();
        const waiting = Array.from({ length: 20 }, (_, i) => {
          return store.apply(transactionOf([{ kind: 'create', object: named(`n${i}`) }]));
        });
        for (const one of waiting) await assert.rejects(one, { code: 'NO_SPACE' });
        const ms = runtime.clock.now() - began;
        assert.ok(ms >= 1_000 && ms < 1_100, `${ms} ms`);
      });
      await store.close();
    });
  });
});
