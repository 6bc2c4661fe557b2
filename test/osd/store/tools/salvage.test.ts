/** Without its index, a store's segments still tell what is in it. */
import assert from 'node:assert/strict';
import { concatBytes, hexText } from '../../../../base/bytes.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import { placeMove } from '../../../../osd/store/tools/salvage/place-move.js';
import type { SalvagedObject } from '../../../../osd/store/tools/salvage/copy-objects.js';
import { salvage } from '../../../../osd/store/tools/salvage/salvage.js';
import { forEachSeed } from '../../../sim/seeds.js';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { poolId, printPgId } from '../../../../cluster/ids.js';
import { Draft } from '../../../../osd/store/apply/draft.js';
import type { Extent } from '../../../../osd/store/format/extents.js';
import { ByteWriter } from '../../../../base/byte-writer.js';
import { headKey, omapKey } from '../../../../osd/store/format/index-key.js';
import { decodeOmapValue } from '../../../../osd/store/format/omap-value.js';
import { SlabPool } from '../../../../osd/store/log/slabs.js';
import { writeMoveRecord } from '../../../../osd/store/format/record.js';
import { storeSeed } from '../../../../osd/store/format/superblock.js';
import { OpenBatch } from '../../../../osd/store/log/open-batch.js';
import { mkfs } from '../../../../osd/store/mkfs.js';
import { openOffline } from '../../../../osd/store/tools/offline-store.js';
import { payloadOf, type Mutation } from '../../../../osd/store/transaction.js';
import { blankHead, decodeObjectHead, encodeObjectHead } from '../../../../osd/store/format/object-head.js';
import { Index } from '../../../../osd/store/index/index.js';
import { objectId } from '../../../../osd/store/object-id.js';
import { decodeLostTail, lostTailKey } from '../../../../osd/store/pg/lost-tail.js';
import { PgTable } from '../../../../osd/store/pg/pg-table.js';
import { SegmentTable } from '../../../../osd/store/segments/segment-table.js';
import type { Store } from '../../../../osd/store/store.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { compareObject } from '../compare.js';
import { inWorld, makeStore, onDisk, simDirectory } from './made-store.js';
import { flip, rangesOf } from './stored-ranges.js';

const target = '/data/new';
const object = objectId(poolId(1), { namespace: '', locator: '', name: 'moved' });

describe('osd/store/tools: salvage', () => {
  it('finds everything while no batch is gone, though index and superblock are', async function () {
    this.timeout(process.env['SEEDS'] === undefined ? 60_000 : 0);
    await forEachSeed({ count: 10, boxMs: 4_000 }, async (seed) => {
      await inWorld(seed, async (runtime) => {
        const { store, reference, workload } = await makeStore(runtime, simDirectory, {
          seed,
          operations: 250,
          isTiny: seed % 3 === 0,
          splits: seed % 2 === 1,
          storeOptions: seed % 4 < 2 ? { bulkBytesMin: 30 } : {},
        });
        if (seed % 2 === 0) await store.close();
        else await store.abandon();
        await runtime.disk.removeTree(`${simDirectory}/index`);
        await assert.rejects(openStore(runtime, simDirectory), { code: 'CORRUPT', message: /run cairn osd fsck/ });
        if (seed % 3 === 0) await runtime.disk.removeFile(`${simDirectory}/superblock`);
        const objects: SalvagedObject[] = [];
        const result = await salvage(runtime, simDirectory, target, { onObject: (object) => objects.push(object) });
        assert.deepEqual([result.scan.missing, result.refusedRecords, result.bytesDamaged], [0, 0, 0]);
        assert.equal(result.objects, reference.objects.size);
        assert.equal(objects.length, result.objects);
        const found = await openStore(runtime, target);
        for (const object of workload.objects) await compareObject(found, reference, object);
        for (const { id } of reference.pgs.values()) {
          const own = workload.objects.filter((one) => printPgId(workload.pgOf(one)) === printPgId(id));
          const { objects: count } = found.counts(id);
          assert.equal(count, own.filter(({ key }) => reference.objects.has(key)).length, `of ${printPgId(id)}`);
        }
        await found.close();
        assert.deepEqual((await fsck(runtime, target, { deep: true })).findings, []);
        await assert.rejects(runtime.disk.stat(`${target}/salvage-index`), { code: 'NOT_FOUND' });
      });
    });
  });

  it('keeps every byte but those that have rotted, and counts them', async function () {
    this.timeout(process.env['SEEDS'] === undefined ? 60_000 : 0);
    await onDisk(async (runtime, directory) => {
      const { store, reference, workload } = await makeStore(runtime, directory, { seed: 5, operations: 250 });
      await store.close();
      const { payloads } = await rangesOf(runtime, directory);
      assert.ok(payloads.length >= 3);
      for (const { path, from } of payloads.slice(0, 3)) await flip(path, from);
      await rm(join(directory, 'index'), { recursive: true });
      const damaged = new Map<string, number>();
      const result = await salvage(runtime, directory, `${directory}.new`, {
        onObject: ({ object, bytesDamaged }) => damaged.set(object.key, bytesDamaged),
      });
      assert.equal(result.scan.missing, 0);
      assert.ok(result.damagedObjects > 0 && result.bytesDamaged > 0);
      const found = await openStore(runtime, `${directory}.new`);
      for (const object of workload.objects) {
        const expected = reference.objects.get(object.key)?.data;
        if (expected === undefined) continue;
        const data = concatBytes(await found.objects.read(object, 0, expected.byteLength));
        assert.equal(data.byteLength, expected.byteLength);
        const { version } = (await found.objects.stat(object)) ?? {};
        const isWhole = (damaged.get(object.key) ?? 0) === 0;
        if (isWhole) assert.deepEqual(version, reference.objects.get(object.key)?.version);
        else assert.equal(version?.term === 0 && version.seq > 0, true);
        const wrong = data.filter((byte, i) => byte !== expected[i]).byteLength;
        assert.ok(wrong <= (damaged.get(object.key) ?? 0), `${wrong} bytes of ${object.name.name}`);
      }
      await found.close();
    });
  });

  it('goes on without a segment, and says how many batches are missing', async function () {
    this.timeout(process.env['SEEDS'] === undefined ? 60_000 : 0);
    await onDisk(async (runtime, directory) => {
      const { store, workload } = await makeStore(runtime, directory, { seed: 6, operations: 250 });
      await store.close();
      await rm(join(directory, 'index'), { recursive: true });
      await rm(join(directory, 'segments/00000000.seg'));
      const result = await salvage(runtime, directory, `${directory}.new`);
      assert.ok(result.scan.missing > 0 && result.scan.holes.length === 1);
      const found = await openStore(runtime, `${directory}.new`);
      const versions = new Set<string>();
      for (const one of workload.objects) {
        const version = (await found.objects.stat(one))?.version;
        if (version !== undefined) versions.add(`${Math.sign(version.term)}.${version.seq}`);
      }
      assert.equal(versions.size, 1, 'none has the version of one that is whole');
      assert.match([...versions].join(), /^0\.[1-9]/);
      for (const pg of found.pgs()) {
        const loss = await found.objects.pgGet(pg, lostTailKey);
        assert.equal(loss === undefined ? undefined : decodeLostTail(loss).isExact, false, printPgId(pg));
      }
      await found.close();
      assert.ok(result.objects > 0 && result.batches > 0);
      assert.deepEqual((await fsck(runtime, `${directory}.new`, { deep: true })).findings, []);
      await assert.rejects(salvage(runtime, directory, `${directory}.new`), { code: 'EXISTS' });
      await assert.rejects(salvage(runtime, `${directory}.none`, `${directory}.other`), { code: 'NOT_FOUND' });
    });
  });
});

describe('osd/store/tools: salvage of what the cleaner moved', () => {
  it('finds bytes and bodies by the record of the move, when the batch that wrote them is gone', async () => {
    await onDisk(async (runtime, directory) => {
      await mkfs(runtime, directory, { osd: 1, capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 20 });
      const store = await openStore(runtime, directory);
      const data = new Uint8Array(10_000).fill(7);
      const body = new Uint8Array(3_000).fill(9);
      const run = (mutation: Mutation): Promise<void> =>
        store.apply({ pg: { pool: poolId(1), pg: 0 }, blockShift: 12, mutations: [mutation] });
      await run({ kind: 'write', object, offset: 0, data: payloadOf(data) });
      await run({ kind: 'omap-set', object, key: 'k', head: undefined, bodies: [{ slot: 1, body: payloadOf(body) }] });
      await store.close();
      const offline = await openOffline(runtime, directory);
      const { state, position, superblock, files } = offline;
      const { extents } = decodeObjectHead((await state.index.get(headKey(object))) ?? assert.fail());
      const [extent = assert.fail()] = extents;
      assert.ok(extent.source.kind === 'own');
      const from = extent.source.payload;
      const { bodies } = decodeOmapValue((await state.index.get(omapKey(object, 'k'))) ?? assert.fail());
      const bodyFrom = bodies[0]?.payload ?? assert.fail();
      const place = position.heads.hot ?? assert.fail();
      const batch = new OpenBatch({
        slabs: new SlabPool(runtime.memory),
        storeSeed: storeSeed(superblock),
        number: position.number + 1,
        place,
        isCold: false,
      });
      const writer = new ByteWriter();
      const moved = [{ at: 2_000, bytes: 7_000, skip: 2_000 }];
      writeMoveRecord(writer, [
        { from, skip: 2_000, bytes: 7_000, owner: { kind: 'chunk', object, chunk: 0, extents: moved } },
        { from: bodyFrom, skip: 0, bytes: 3_000, owner: { kind: 'body', object, key: 'k', slot: 1 } },
      ]);
      batch.add(writer.bytes(), [
        { payload: payloadOf(data.subarray(2_000, 9_000)), blockShift: 12, owner: object.owner },
        { payload: payloadOf(body), blockShift: 16, owner: object.owner },
      ]);
      const { bytes } = batch.seal(position.checksum, position.heads);
      const path = files.path(place.segment);
      await offline.close();
      await runtime.disk.removeTree(join(directory, 'index'));
      const file = await runtime.disk.open(path, { mode: 'write' });
      await file.write(bytes, place.offset);
      // Batches of one page begin where pages do: the two that wrote the payloads are in pages of their own.
      for (const { offset } of [from, bodyFrom]) await file.write(new Uint8Array(4), offset - (offset % 4_096));
      await file.close();
      const found: SalvagedObject[] = [];
      const result = await salvage(runtime, directory, `${directory}.new`, { onObject: (one) => found.push(one) });
      assert.deepEqual([result.placedMoves, result.scan.missing], [2, 2]);
      assert.deepEqual(
        found.map(({ size, bytesFound, bytesUnknown, omapKeys }) => [size, bytesFound, bytesUnknown, omapKeys]),
        [[9_000, 7_000, 2_000, 1]],
      );
      const again = await openStore(runtime, `${directory}.new`);
      const read = concatBytes(await again.objects.read(object, 2_000, 7_000));
      const bodyRead = await again.objects.omapBody(object, 'k', 1);
      await again.close();
      assert.equal(hexText(read), hexText(data.subarray(2_000, 9_000)));
      assert.equal(hexText(bodyRead ?? assert.fail()), hexText(body));
    });
  });
});

describe('osd/store/tools: salvage of what the merger wrote anew', () => {
  for (const isCloned of [false, true]) {
    it(`finds bytes${isCloned ? ', shared ones too,' : ''} when the batches that wrote them are gone`, async () => {
      await onDisk(async (runtime, directory) => {
        await mkfs(runtime, directory, { osd: 1, capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 20 });
        const store = await openStore(runtime, directory, { chunkExtentsMax: 1e9 });
        const run = (to: Store, mutation: Mutation): Promise<void> =>
          to.apply({ pg: { pool: poolId(1), pg: 0 }, blockShift: 12, mutations: [mutation] });
        const data = Uint8Array.from({ length: 900 }, (_, i) => i & 0xff);
        const piece = (i: number): Mutation => {
          return { kind: 'write', object, offset: 100 * i, data: payloadOf(data.subarray(100 * i, 100 * i + 90)) };
        };
        for (let i = 0; i < 8; i++) await run(store, piece(i));
        await store.close();
        const offline = await openOffline(runtime, directory);
        const { extents } = decodeObjectHead((await offline.state.index.get(headKey(object))) ?? assert.fail());
        await offline.close();
        const again = await openStore(runtime, directory, { chunkExtentsMax: 4 });
        const clone = objectId(poolId(1), { namespace: '', locator: '', name: 'clone' });
        if (isCloned) await run(again, { kind: 'clone', object: clone, source: object });
        await run(again, piece(8));
        while (again.merged().waiting > 0) await runtime.clock.sleep(1);
        const merges = isCloned ? 2 : 1;
        assert.equal(again.merged().merges, merges);
        await again.close();
        await runtime.disk.removeTree(join(directory, 'index'));
        for (const { source } of extents) {
          assert.ok(source.kind === 'own');
          const { segment, offset } = source.payload;
          const path = join(directory, `segments/${segment.toString(16).padStart(8, '0')}.seg`);
          const file = await runtime.disk.open(path, { mode: 'write' });
          await file.write(new Uint8Array(4), offset - (offset % 4_096));
          await file.close();
        }
        const result = await salvage(runtime, directory, `${directory}.new`);
        assert.deepEqual([result.placedMoves, result.scan.missing], [8 * merges, 8]);
        const found = await openStore(runtime, `${directory}.new`);
        const read = concatBytes(await found.objects.read(object, 0, 900));
        const cloned = isCloned ? concatBytes(await found.objects.read(clone, 0, 900)) : read.subarray(0, 790);
        await found.close();
        assert.equal(hexText(cloned), hexText(read.subarray(0, 790)));
        const expected = data.map((byte, i) => (i % 100 < 90 ? byte : 0)).subarray(0, 890);
        assert.equal(hexText(read), hexText(expected));
      });
    });
  }
});

const refOf = (offset: number, batch: number) => ({ segment: 1, offset, bytes: 4_096, blockShift: 12, batch });

/** Extents of the object after a move of bytes 1,000 to 3,000 of batch 50, to batch 90, onto what `known` says. */
async function afterMove(runtime: Runtime, known: readonly Extent[]): Promise<string[]> {
  const kv = await runtime.kv.open(`/data/moves-${known.length}-${JSON.stringify(known).length}`);
  const index = new Index(kv, 1_000_000);
  const state = {
    index,
    segments: new SegmentTable(4),
    pgs: new PgTable(index),
    counters: { nextShared: 1, boot: 0 },
  };
  const head = { ...blankHead, size: 4_000, extents: known };
  const value = known.length === 0 ? null : encodeObjectHead(head);
  const draft = new Draft(state, 90, { version: index.version, values: new Map([[headKey(object), value]]) });
  for (const { bytes } of known) draft.addLive(1, bytes);
  const extents = [{ at: 1_000, bytes: 2_000, skip: 500 }];
  const move = {
    from: refOf(8_192, 50),
    skip: 500,
    bytes: 2_000,
    owner: { kind: 'chunk' as const, object, chunk: 0, extents },
  };
  placeMove(draft, move, { ...refOf(70_000, 90), bytes: 2_000 });
  draft.commit(undefined);
  const stored = await index.get(headKey(object));
  await kv.close();
  const found = stored === undefined ? known : decodeObjectHead(stored).extents;
  return found.map(({ at, bytes, skip, source }) => {
    return `${at}+${bytes} skip ${skip} batch ${source.kind === 'own' ? source.payload.batch : 'shared'}`;
  });
}

describe('osd/store/tools: payloads that only the cleaner still tells of', () => {
  const own = (at: number, bytes: number, batch: number): Extent => {
    return { at, bytes, skip: 0, source: { kind: 'own', payload: refOf(4_096, batch) } };
  };
  const cases = [
    { name: 'go to where nothing is known', known: [], after: ['1000+2000 skip 0 batch 90'] },
    {
      name: 'replace what is older',
      known: [own(0, 4_000, 40)],
      after: ['0+1000 skip 0 batch 40', '1000+2000 skip 0 batch 90', '3000+1000 skip 3000 batch 40'],
    },
    { name: 'leave what is newer', known: [own(0, 4_000, 60)], after: ['0+4000 skip 0 batch 60'] },
    {
      name: 'fill the gaps between what is newer',
      known: [own(1_500, 500, 60)],
      after: ['1000+500 skip 0 batch 90', '1500+500 skip 0 batch 60', '2000+1000 skip 1000 batch 90'],
    },
  ];
  for (const { name, known, after } of cases) {
    it(name, async () => {
      await inWorld(1, async (runtime) => assert.deepEqual(await afterMove(runtime, known), after));
    });
  }
});
