/** A log that lost batches in between: what is used of the rest, what is noted as lost, and that the store goes on. */
import assert from 'node:assert/strict';
import { payloadOf } from '../../../../osd/store/transaction.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { decodeLostTail, type LostTail, lostTailKey } from '../../../../osd/store/pg/lost-tail.js';
import type { Store } from '../../../../osd/store/store.js';
import type { StoreOptions } from '../../../../osd/store/store-options.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import { objectId } from '../../../../osd/store/object-id.js';
import type { Machine } from '../../../../runtime/sim/machine.js';
import { World } from '../../../../runtime/sim/world.js';
import { directory, entryOf, freshStore, pool } from '../one-store.js';

const unfinishedKey = '\0unfinished';
const lazy: StoreOptions = { prewrite: false, layerBytesMax: 1e9, layerMsMax: 1e9 };
const pastRot = { unfinishedKeys: [unfinishedKey] };

interface Place {
  readonly segment: number;
  readonly offset: number;
}

interface Step {
  readonly pg: number;
  /** Default: the next of the PG. */
  readonly seq?: number;
  readonly term?: number;
  /** No entry: a value of the PG alone. */
  readonly value?: string;
  /** Bit flips in the header, or, `payload`, in the data. */
  readonly rot?: 'header' | 'payload';
}

function objectOf(pg: number, seq: number) {
  return objectId(pool, { namespace: '', locator: `pg ${pg}`, name: `object ${seq}` });
}

/** One batch a step. Then the disk rots, the process is killed, and `body` sees what is left. */
async function afterRot(
  steps: readonly Step[],
  body: (store: Store, machine: Machine) => Promise<void>,
): Promise<void> {
  const world = new World({ seed: 7 });
  const machine = world.machine('a');
  await world.main(async () => {
    const rotten: { readonly place: Place; readonly rot: 'header' | 'payload' }[] = [];
    const first = machine.start('osd', async (runtime) => {
      const store = await freshStore(runtime, lazy);
      const seqs = new Map<number, number>();
      for (const { pg, value, term = 1, rot, ...step } of steps) {
        const place = store.logEnd();
        if (rot !== undefined) rotten.push({ place, rot });
        const id = { pool, pg };
        if (value !== undefined) {
          const mutations = [{ kind: 'pg-set' as const, key: value, value: new Uint8Array(1) }];
          await store.apply({ pg: id, blockShift: 12, mutations });
          continue;
        }
        const seq = step.seq ?? (seqs.get(pg) ?? 0) + 1;
        seqs.set(pg, seq);
        const object = objectOf(pg, seq);
        const data = payloadOf(new Uint8Array(5_000).fill(seq));
        const mutations = [{ kind: 'write' as const, object, offset: 0, data }];
        await store.apply({ pg: id, blockShift: 12, mutations, entry: entryOf(seq, { object, term }) });
      }
    });
    await first.finished;
    first.kill();
    for (const { place, rot } of rotten) {
      const path = `${directory}/segments/${place.segment.toString(16).padStart(8, '0')}.seg`;
      machine.disk().faults.flipBit(path, place.offset + (rot === 'header' ? 20 : 3_000), 3);
    }
    const second = machine.start('osd', async (runtime) => {
      await assert.rejects(openStore(runtime, directory, lazy), { code: 'LOG_CORRUPT' }, 'refused unless it may');
      const store = await openStore(runtime, directory, { ...lazy, pastRot });
      await body(store, machine);
      await store.close();
    });
    await second.finished;
    assert.equal(second.failure, undefined);
  });
}

async function lost(store: Store, pg: number): Promise<LostTail | undefined> {
  const value = await store.objects.pgGet({ pool, pg }, lostTailKey);
  return value === undefined ? undefined : decodeLostTail(value);
}

/** The log of the PG ends at `seq`, and the objects of its entries are there, and no others. */
async function holds(store: Store, pg: number, seq: number, beyond: number): Promise<void> {
  assert.equal(store.logBounds({ pool, pg }).lastSeq, seq, `the log of PG ${pg}`);
  for (let i = 1; i <= seq; i++) {
    const bytes = await store.objects.read(objectOf(pg, i), 0, 5_000);
    assert.deepEqual(new Uint8Array(Buffer.concat(bytes)), new Uint8Array(5_000).fill(i), `object ${i} of PG ${pg}`);
  }
  for (let i = seq + 1; i <= beyond; i++) assert.equal(await store.objects.stat(objectOf(pg, i)), undefined);
}

describe('osd/store/log: past rot', () => {
  it('a PG goes on behind a hole where its entries prove that none was in it, and nowhere else', async () => {
    const steps: Step[] = [{ pg: 1 }, { pg: 2 }, { pg: 3 }, { pg: 2, rot: 'header' }, { pg: 1 }, { pg: 2 }, { pg: 1 }];
    await afterRot(steps, async (store) => {
      await holds(store, 1, 3, 3);
      await holds(store, 2, 1, 3);
      await holds(store, 3, 1, 1);
      assert.deepEqual(await lost(store, 1), { entries: 0, newest: undefined, isExact: true, objectKeys: [] });
      const newest = { term: 1, seq: 3 };
      assert.deepEqual(await lost(store, 2), {
        entries: 1,
        newest,
        isExact: false,
        objectKeys: [objectOf(2, 3).key],
      });
      assert.deepEqual(await lost(store, 3), { entries: 0, newest: undefined, isExact: false, objectKeys: [] });
    });
  });

  it('a PG that was begun in the hole is known to be lost', async () => {
    await afterRot([{ pg: 1 }, { pg: 2, rot: 'header' }, { pg: 2 }, { pg: 1 }], async (store) => {
      await holds(store, 1, 2, 2);
      await holds(store, 2, 0, 2);
      const { entries, isExact } = (await lost(store, 2)) ?? assert.fail('it is noted');
      assert.deepEqual([entries, isExact], [1, false]);
    });
  });

  it('where only data rotted, it is known exactly what is lost', async () => {
    await afterRot([{ pg: 1 }, { pg: 2, rot: 'payload' }, { pg: 2 }, { pg: 1 }, { pg: 1 }], async (store) => {
      await holds(store, 1, 3, 3);
      await holds(store, 2, 0, 2);
      assert.equal((await lost(store, 1))?.isExact, true);
    });
  });

  it('a PG of another term, in the middle of something, or changed past its log is left as it was', async () => {
    const steps: Step[] = [
      { pg: 1 },
      { pg: 2 },
      { pg: 3 },
      { pg: 2, value: unfinishedKey },
      { pg: 4, rot: 'header' },
      { pg: 1, term: 2 },
      { pg: 2 },
      { pg: 3, value: '\0other' },
      { pg: 3 },
    ];
    await afterRot(steps, async (store) => {
      await holds(store, 1, 1, 2);
      await holds(store, 2, 1, 2);
      await holds(store, 3, 1, 2);
      for (const pg of [1, 2, 3]) assert.equal((await lost(store, pg))?.isExact, false);
      assert.equal(await store.objects.pgGet({ pool, pg: 3 }, '\0other'), undefined);
    });
  });

  it('has another name in the cluster, and goes on: written to, killed, opened, checked', async () => {
    await afterRot([{ pg: 1 }, { pg: 1, rot: 'header' }, { pg: 1 }, { pg: 1 }], async (store, machine) => {
      const { renewals, uuid } = store.superblock;
      assert.equal(renewals.length, 1);
      assert.notDeepEqual(renewals[0], uuid);
      for (let seq = 2; seq <= 9; seq++) {
        const object = objectOf(1, seq);
        const data = payloadOf(new Uint8Array(5_000).fill(seq));
        const mutations = [{ kind: 'write' as const, object, offset: 0, data }];
        await store.apply({ pg: { pool, pg: 1 }, blockShift: 12, mutations, entry: entryOf(seq, { object, term: 3 }) });
      }
      await store.close();
      const again = machine.start('osd', async (runtime) => {
        // Without leave to go past rot: there is none any more.
        const opened = await openStore(runtime, directory, lazy);
        assert.deepEqual(opened.superblock.renewals, renewals);
        await holds(opened, 1, 9, 9);
        await opened.close();
        const { findings } = await fsck(runtime, directory, { deep: true });
        // The rotten batch itself stays where it is until its segment is used again.
        assert.deepEqual(
          findings.map(({ code }) => code),
          ['batch'],
        );
      });
      await again.finished;
      assert.equal(again.failure, undefined);
    });
  });
});
