/** What is parked of a copy before its log is cut: of one store, with logs as failovers of async pools leave them. */
import assert from 'node:assert/strict';
import { concatBytes, utf8Bytes, utf8Text } from '../../../../base/bytes.js';
import { CairnError } from '../../../../base/errors.js';
import { findTail } from '../../../../osd/pg/parked/find-tail.js';
import { parkedBeacon } from '../../../../osd/pg/parked/parked-beacon.js';
import { type Parked, ParkedSet } from '../../../../osd/pg/parked/parked-set.js';
import { PgCopy } from '../../../../osd/pg/pg-copy.js';
import { parkedKey, parkedObjectId, parkedRange, shadowPg } from '../../../../osd/store/parked/parked-place.js';
import { openStore } from '../../../../osd/store/open-store.js';
import type { Store } from '../../../../osd/store/store.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import { payloadOf } from '../../../../osd/store/transaction.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { directory, freshStore, inWorld, named, pg, pool } from '../../store/one-store.js';
import { Writer } from './writer.js';

const all = { pg: undefined, after: '', count: 100 };
const [a, b] = [named('a'), named('b')];

interface Scene {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly writer: Writer;
  readonly parked: ParkedSet;
}

async function inScene(body: (scene: Scene) => Promise<void>, objectsMax?: number): Promise<void> {
  await inWorld(async (runtime) => {
    const store = await freshStore(runtime);
    const writer = new Writer(await PgCopy.open(store, pg));
    writer.copy.notePgNum(1);
    await body({ runtime, store, writer, parked: new ParkedSet(runtime, store, objectsMax) });
    await store.close();
  });
}

async function listed(parked: ParkedSet): Promise<readonly Parked[]> {
  return (await parked.list(pool, all)).parked;
}

async function textOf(store: Store, place: Parked): Promise<string> {
  const object = parkedObjectId(place, 'object');
  return utf8Text(concatBytes(await store.objects.read(object, 0, 1_000)));
}

const versions = (found: readonly Parked[]): string[] =>
  found.map(({ version, what }) => `${what.name.name} ${version.term}.${version.seq}`);

describe('osd/pg/parked', () => {
  it('keeps objects as the cut writes left them, by what was committed for certain, and survives the cut', async () => {
    await inScene(async ({ runtime, store, writer, parked }) => {
      const { copy } = writer;
      await writer.enter(1, 'async');
      await writer.write(a, 'a of old');
      await writer.write(b, 'b of old');
      copy.asyncProgress(2, 2);
      await writer.write(a, 'a, told');
      copy.asyncProgress(3, 2);
      await writer.write(a, 'a, perhaps told');
      await writer.write(b, 'b, perhaps told');
      await parked.park(copy, { term: 1, seq: 2 });
      const found = await listed(parked);
      assert.deepEqual(versions(found), ['a 1.4', 'b 1.5']);
      const [first, second] = found;
      assert.deepEqual(
        { ...first?.what, parkedAt: 0 },
        {
          name: a.name,
          exists: true,
          isWhole: true,
          bytes: 15,
          entries: 2,
          acknowledged: 1,
          parkedAt: 0,
          common: { term: 1, seq: 2 },
        },
      );
      assert.equal(second?.what.acknowledged, 0);
      assert.deepEqual(parkedBeacon(parked.summary() ?? []), {
        objects: 2,
        acknowledged: 1,
        bytes: 30,
        pgs: [[1, 0, 2]],
      });
      // As a join goes on: cut, and made as the PG has it.
      await copy.takeOver({ mutations: copy.noteAsyncCut({ term: 1, seq: 2 }), cutAfter: { term: 1, seq: 2 } });
      assert.deepEqual([copy.async?.commit, copy.async?.everywhere], [2, 2]);
      await store.apply({ pg, blockShift: 12, mutations: [{ kind: 'remove', object: a }] });
      assert.equal(await textOf(store, found[0] ?? assert.fail()), 'a, perhaps told');
      await store.close();

      const again = await openStore(runtime, directory);
      const after = new ParkedSet(runtime, again);
      assert.deepEqual(versions(await listed(after)), ['a 1.4', 'b 1.5']);
      assert.equal(await textOf(again, found[0] ?? assert.fail()), 'a, perhaps told');
      const { version } = first ?? assert.fail();
      assert.equal(
        await after.drop([
          { pg, version },
          { pg, version: { term: 9, seq: 9 } },
        ]),
        1,
      );
      assert.deepEqual(versions(await listed(after)), ['b 1.5']);
      await assert.rejects(after.get({ pg, version }), { code: 'NOT_FOUND' });
      await again.close();
      const { findings } = await fsck(runtime, directory, { deep: true });
      assert.deepEqual(findings, []);
    });
  });

  it('keeps what was removed as removed, and the omap values that the cut writes set', async () => {
    await inScene(async ({ store, writer, parked }) => {
      await writer.enter(1, 'async');
      await writer.write(a, 'gone');
      const body = { slot: 1, body: payloadOf(utf8Bytes('a body')) } as const;
      await writer.log(b, { kind: 'omap-set', object: b, key: 'old', head: utf8Bytes('old'), bodies: [] });
      await writer.log(b, { kind: 'omap-set', object: b, key: 'new', head: utf8Bytes('head'), bodies: [body] });
      await writer.log(a, { kind: 'remove', object: a });
      await parked.park(writer.copy, { term: 1, seq: 2 });
      const found = await listed(parked);
      assert.deepEqual(versions(found), ['b 1.3', 'a 1.4']);
      assert.deepEqual([found[1]?.what.exists, found[1]?.what.isWhole], [false, true]);
      const object = parkedObjectId(found[0] ?? assert.fail(), 'object');
      assert.equal(utf8Text((await store.objects.omapGet(object, 'new'))?.head ?? assert.fail()), 'head');
      const bytes = await store.objects.omapBody(object, 'new', 1);
      assert.equal(utf8Text(bytes ?? assert.fail()), 'a body');
      // What the cut writes did not touch the PG has as well.
      assert.equal(await store.objects.omapGet(object, 'old'), undefined);
      const log = await store.objects.stat(parkedObjectId(found[1] ?? assert.fail(), 'log'));
      assert.ok(log !== undefined, 'the entries are kept too');
    });
  });

  it('says of an object that was not whole here that it is not', async () => {
    await inScene(async ({ writer, parked }) => {
      const { copy } = writer;
      await writer.enter(1, 'async');
      await writer.write(a, 'half');
      await copy.takeOver({ mutations: copy.noteMissing([{ kind: 'data', object: a, offset: 0, bytes: 4 }]) });
      await parked.park(copy, { term: 0, seq: 0 });
      const [found] = await listed(parked);
      assert.equal(found?.what.isWhole, false);
    });
  });

  it('takes nothing of sync terms, and nothing of a copy that was in no async one', async () => {
    await inScene(async ({ writer, parked }) => {
      const { copy } = writer;
      await writer.enter(1, 'sync');
      await writer.write(a, 'of a sync term');
      assert.deepEqual(await findTail(copy, { term: 0, seq: 0 }), []);
      await writer.enter(2, 'async');
      await writer.write(a, 'of an async term');
      await writer.enter(3, 'sync');
      await writer.write(b, 'of a sync term');
      await parked.park(copy, { term: 1, seq: 1 });
      assert.deepEqual(versions(await listed(parked)), ['a 2.2']);
    });
  });

  it('takes what was not on every member where the PG does not know any more what they have in common', async () => {
    await inScene(async ({ runtime, store, writer, parked }) => {
      const { copy } = writer;
      await writer.enter(1, 'async');
      for (let i = 1; i <= 4; i++) await writer.write(named(`o${i}`), 'x');
      copy.asyncProgress(3, 2);
      copy.noteAsyncProgress();
      await store.apply({ pg, blockShift: 12, mutations: [] });
      await store.close();
      const again = await openStore(runtime, directory);
      const copyAgain = await PgCopy.open(again, pg);
      assert.deepEqual(copyAgain.async, { term: 1, commit: 3, everywhere: 2 }, 'a restart does not forget');
      const parkedAgain = new ParkedSet(runtime, again);
      await parkedAgain.park(copyAgain, undefined);
      const found = await listed(parkedAgain);
      assert.deepEqual(versions(found), ['o3 1.3', 'o4 1.4']);
      assert.deepEqual(
        found.map(({ what }) => what.acknowledged),
        [1, 0],
      );
      assert.deepEqual(found[0]?.what.common, { term: 0, seq: 0 });
      await again.close();
      void parked;
    });
  });

  it('knows of no entry that is committed unless it is in its log: others may get the numbers', async () => {
    await inScene(async ({ writer }) => {
      await writer.enter(1, 'async');
      await writer.write(a, 'x');
      writer.copy.asyncProgress(7, 5);
      assert.deepEqual(writer.copy.async, { term: 1, commit: 1, everywhere: 1 });
    });
  });

  it('does nothing twice: a join that is begun again parks what it parked', async () => {
    await inScene(async ({ store, writer, parked }) => {
      await writer.enter(1, 'async');
      await writer.write(a, 'first');
      const common = { term: 0, seq: 0 };
      await Promise.all([parked.park(writer.copy, common), parked.park(writer.copy, common)]);
      const [before] = await listed(parked);
      await store.apply({ pg, blockShift: 12, mutations: [{ kind: 'truncate', object: a, size: 1 }] });
      await parked.park(writer.copy, common);
      assert.deepEqual(await listed(parked), [before]);
      assert.equal(await textOf(store, before ?? assert.fail()), 'first', 'it stays as it was');
    });
  });

  it('refuses more than it may keep, so that nothing of it is cut, until some is given up', async () => {
    await inScene(async ({ writer, parked }) => {
      await writer.enter(1, 'async');
      for (const object of [a, b, named('c')]) await writer.write(object, 'x');
      const common = { term: 0, seq: 0 };
      await assert.rejects(parked.park(writer.copy, common), (error: CairnError) => {
        assert.equal(error.code, 'NO_SPACE');
        assert.match(error.message, /`cairn pg parked drop`/);
        return true;
      });
      const found = await listed(parked);
      assert.equal(found.length, 2);
      await parked.drop(found);
      await parked.park(writer.copy, { term: 1, seq: 2 });
      assert.deepEqual(versions(await listed(parked)), ['c 1.3']);
    }, 2);
  });

  it('takes away what was not parked as a whole when the process ended', async () => {
    await inScene(async ({ runtime, store, writer, parked }) => {
      await writer.enter(1, 'async');
      await writer.write(a, 'whole');
      await parked.park(writer.copy, { term: 0, seq: 0 });
      const half = parkedObjectId({ pg, version: { term: 1, seq: 9 } }, 'object');
      const mark = parkedKey({ pg, version: { term: 1, seq: 9 } });
      const clone = { kind: 'clone', object: half, source: a } as const;
      const begun = { kind: 'pg-set', key: mark, value: new Uint8Array(0) } as const;
      await store.apply({ pg: shadowPg(pool), blockShift: 12, mutations: [begun, clone] });
      const after = new ParkedSet(runtime, store);
      assert.deepEqual(versions(await listed(after)), ['a 1.1']);
      assert.equal(await store.objects.stat(half), undefined);
      assert.equal(await store.objects.pgGet(shadowPg(pool), mark), undefined);
      assert.equal(store.counts(shadowPg(pool)).objects, 2, 'the object, and its entries');
    });
  });

  it('keeps more of an object than one transaction takes', async () => {
    await inScene(async ({ store, writer, parked }) => {
      const { copy } = writer;
      await writer.enter(1, 'async');
      const body = (i: number) => [{ slot: 0, body: payloadOf(new Uint8Array(60_000).fill(i)) }] as const;
      for (let i = 0; i < 8; i++) {
        await writer.log(a, { kind: 'omap-set', object: a, key: `k${i}`, head: utf8Bytes('h'), bodies: body(i) });
      }
      assert.ok(store.transactionBytesMax < 8 * 60_000, 'they do not fit one');
      await parked.park(copy, { term: 0, seq: 0 });
      const [found = assert.fail()] = await listed(parked);
      assert.equal(found.what.isWhole, true);
      const object = parkedObjectId(found, 'object');
      for (let i = 0; i < 8; i++) {
        const bytes = (await store.objects.omapBody(object, `k${i}`, 0)) ?? assert.fail();
        assert.deepEqual([bytes.byteLength, bytes[0]], [60_000, i]);
      }
      const { from, to } = parkedRange(undefined);
      assert.deepEqual(await store.objects.pgValues(shadowPg(pool), { from, to }), [], 'no mark is left');
    });
  });

  it('goes with its pool, and with nothing else: a copy that is taken away leaves it', async () => {
    await inScene(async ({ store, writer, parked }) => {
      await writer.enter(1, 'async');
      await writer.write(a, 'x');
      await parked.park(writer.copy, { term: 0, seq: 0 });
      await store.apply({ pg, blockShift: 12, mutations: [{ kind: 'remove', object: a }] });
      await writer.copy.forget();
      parked.keepPools(() => true);
      await parked.close(new CairnError('CLOSED', 'test'));
      assert.equal((await listed(parked)).length, 1);
    });
    await inScene(async ({ store, writer, parked }) => {
      await writer.enter(1, 'async');
      await writer.write(a, 'x');
      await parked.park(writer.copy, { term: 0, seq: 0 });
      parked.keepPools(() => false);
      await parked.close(new CairnError('CLOSED', 'test'));
      assert.deepEqual(await listed(parked), []);
      assert.equal(store.counts(shadowPg(pool)).objects, 0);
      await assert.rejects(parked.park(writer.copy, { term: 0, seq: 0 }), { code: 'CLOSED' });
    });
  });
});
