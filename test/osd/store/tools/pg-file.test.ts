/** A PG goes into a file and comes back the same; a file that is not whole changes nothing. */
import assert from 'node:assert/strict';
import { hexText, utf8Bytes } from '../../../../base/bytes.js';
import { poolId, printPgId, type PgId } from '../../../../cluster/ids.js';
import { objectId } from '../../../../osd/store/object-id.js';
import { mkfs } from '../../../../osd/store/mkfs.js';
import { openStore } from '../../../../osd/store/open-store.js';
import type { LogEntry } from '../../../../osd/store/pg/log-entry.js';
import type { Store } from '../../../../osd/store/store.js';
import { exportPg } from '../../../../osd/store/tools/pg-file/export-pg.js';
import { FrameWriter } from '../../../../osd/store/tools/pg-file/frame-writer.js';
import { importPg } from '../../../../osd/store/tools/pg-file/import-pg.js';
import { importMarkKey } from '../../../../osd/store/tools/pg-file/import-mark.js';
import {
  decodePgFileRecord,
  encodePgFileRecord,
  type PgFileRecord,
} from '../../../../osd/store/tools/pg-file/pg-file-record.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import { isCairnError } from '../../../../base/errors.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { readWholeFile, writeFileDurably } from '../../../../runtime/whole-file.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import { forEachSeed } from '../../../sim/seeds.js';
import { compareObject } from '../compare.js';
import { inWorld, makeStore, pgNum, simDirectory, type MadeStore } from './made-store.js';

const target = '/data/other';

async function newTarget(runtime: Runtime): Promise<Store> {
  await runtime.disk.removeTree(target);
  await mkfs(runtime, target, { osd: 4, capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 20 });
  return await openStore(runtime, target);
}

function pgsOf({ workload }: MadeStore): PgId[] {
  return Array.from(
    new Map(workload.objects.map((one) => [printPgId(workload.pgOf(one)), workload.pgOf(one)])).values(),
  );
}

async function logOf(store: Store, pg: PgId): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  for (let after = 0; ; after = all.at(-1)?.seq ?? after) {
    const { entries } = await store.readLog(pg, after);
    if (entries.length === 0) return all;
    all.push(...entries);
  }
}

/** Comparable: an object by its key. */
function plain({ object, ...entry }: LogEntry): unknown {
  return { ...entry, object: object?.key };
}

describe('osd/store/tools: a PG in a file', () => {
  it('comes back the same: objects, versions, marks, values, log', async function () {
    this.timeout(process.env['SEEDS'] === undefined ? 60_000 : 0);
    await forEachSeed({ count: 10, boxMs: 4_000 }, async (seed) => {
      await inWorld(seed, async (runtime) => {
        const made = await makeStore(runtime, simDirectory, { seed, operations: 250, splits: seed % 2 === 0 });
        await made.store.close();
        const imported = await newTarget(runtime);
        for (const pg of pgsOf(made)) {
          const path = `/data/${printPgId(pg)}.pg`;
          const own = made.reference.pg(printPgId(pg)).pgNum;
          const counts = await exportPg(runtime, simDirectory, path, { pg, pgNum: own });
          const result = await importPg(runtime, imported, path);
          assert.equal(result.objects, counts.objects);
        }
        await imported.checkpoint();
        const original = await openStore(runtime, simDirectory);
        for (const object of made.workload.objects) await compareObject(imported, made.reference, object);
        for (const pg of pgsOf(made)) {
          const { entries: _e, bytes: _b, ...bounds } = original.logBounds(pg);
          const { entries: _f, bytes: _c, ...found } = imported.logBounds(pg);
          assert.deepEqual(found, bounds);
          const before = (await logOf(original, pg)).map(plain);
          const after = (await logOf(imported, pg)).map(plain);
          assert.deepEqual(after, before);
          assert.deepEqual(imported.counts(pg), original.counts(pg));
          for (const [key, value] of made.reference.pg(printPgId(pg)).values) {
            assert.equal(hexText((await imported.objects.pgGet(pg, key)) ?? assert.fail(key)), hexText(value));
          }
          assert.equal(await imported.objects.pgGet(pg, importMarkKey), undefined);
        }
        await original.close();
        await imported.close();
        assert.deepEqual((await fsck(runtime, target, { deep: true })).findings, []);
        // What is the same is written the same, byte by byte, but for the store that it says it is from.
        for (const pg of pgsOf(made)) {
          const own = made.reference.pg(printPgId(pg)).pgNum;
          await exportPg(runtime, target, `/data/${printPgId(pg)}.again`, { pg, pgNum: own });
          const [a, b] = [`/data/${printPgId(pg)}.pg`, `/data/${printPgId(pg)}.again`];
          const sizes = [(await runtime.disk.stat(a)).bytes, (await runtime.disk.stat(b)).bytes];
          assert.ok(sizes.every((bytes) => bytes > 50));
        }
      });
    });
  });

  it('is refused where the PG is, and when the file is damaged, cut off or goes on, before anything changes', async function () {
    this.timeout(process.env['SEEDS'] === undefined ? 60_000 : 0);
    await inWorld(3, async (runtime) => {
      const made = await makeStore(runtime, simDirectory, { seed: 3, operations: 150 });
      await made.store.close();
      const [pg] = pgsOf(made);
      assert.ok(pg !== undefined);
      await exportPg(runtime, simDirectory, '/data/a.pg', { pg, pgNum });
      await assert.rejects(exportPg(runtime, simDirectory, '/data/a.pg', { pg, pgNum }), { code: 'EXISTS' });
      const absent = { pool: poolId(9), pg: 0 };
      await assert.rejects(exportPg(runtime, simDirectory, '/data/b.pg', { pg: absent, pgNum }), { code: 'NOT_FOUND' });
      await assert.rejects(runtime.disk.stat('/data/b.pg.partial'), { code: 'NOT_FOUND' });
      const good = await readWholeFile(runtime.disk, '/data/a.pg', 2 ** 30);
      const imported = await newTarget(runtime);
      const prng = new Prng('pg-file');
      for (let i = 0; i < 60; i++) {
        let bytes = good.slice();
        const at = prng.below(bytes.byteLength);
        if (i % 3 === 0) bytes = bytes.slice(0, at);
        else if (i % 3 === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << prng.below(8));
        else bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(Math.max(0, at - 20))]);
        await writeFileDurably(runtime.disk, '/data', 'bad.pg', bytes);
        await assert.rejects(importPg(runtime, imported, '/data/bad.pg'), (error) => {
          return isCairnError(error, 'CORRUPT') || isCairnError(error, 'UNSUPPORTED');
        });
        assert.deepEqual(imported.pgs(), []);
      }
      await importPg(runtime, imported, '/data/a.pg');
      await assert.rejects(importPg(runtime, imported, '/data/a.pg'), { code: 'EXISTS' });
      await imported.close();
    });
  });

  it('is not written, nor brought in, by another number of PGs than the store split it for', async () => {
    await inWorld(5, async (runtime) => {
      const { store, workload, reference } = await makeStore(runtime, simDirectory, { seed: 5, operations: 150 });
      const split = workload.split(new Prng('one split'), reference) ?? assert.fail();
      const { pg } = split;
      const [child] = split.split?.children ?? assert.fail();
      await store.close();
      await exportPg(runtime, simDirectory, '/data/whole.pg', { pg, pgNum });
      const again = await openStore(runtime, simDirectory);
      await again.apply(split);
      await again.close();
      const own = split.split?.toPgNum ?? assert.fail();
      await assert.rejects(exportPg(runtime, simDirectory, '/data/a.pg', { pg, pgNum }), {
        code: 'INVALID_ARGUMENT',
        message: new RegExp(`one of a pool of ${own} PGs, not ${pgNum}; export it with --pg-num ${own}$`),
      });
      const part = { pool: pg.pool, pg: child?.pg ?? assert.fail() };
      await exportPg(runtime, simDirectory, '/data/part.pg', { pg: part, pgNum: own });
      for (const [first, second] of [
        ['whole', 'part'],
        ['part', 'whole'],
      ]) {
        const imported = await newTarget(runtime);
        await importPg(runtime, imported, `/data/${first}.pg`);
        await assert.rejects(importPg(runtime, imported, `/data/${second}.pg`), {
          code: 'EXISTS',
          message: /one was split from the other; import it into an empty store/,
        });
        assert.equal(imported.pgs().length, 1);
        await imported.close();
      }
    });
  });

  it('that was cut short leaves its mark, and is done again from the start', async () => {
    await inWorld(4, async (runtime) => {
      const made = await makeStore(runtime, simDirectory, { seed: 4, operations: 150 });
      await made.store.close();
      const pg = made.workload.pgOf(made.workload.objects[1] ?? assert.fail());
      await exportPg(runtime, simDirectory, '/data/a.pg', { pg, pgNum });
      const imported = await newTarget(runtime);
      let left = 25;
      const failing = Object.create(imported, {
        submit: {
          value: (...args: Parameters<Store['submit']>) => {
            if (left-- === 0) throw new Error('the end');
            return imported.submit(...args);
          },
        },
        logBounds: { value: imported.logBounds.bind(imported) },
        counts: { value: imported.counts.bind(imported) },
        pgs: { value: imported.pgs.bind(imported) },
        objects: { value: imported.objects },
      }) as Store;
      await assert.rejects(importPg(runtime, failing, '/data/a.pg'), /the end/);
      assert.notEqual(await imported.objects.pgGet(pg, importMarkKey), undefined);
      await importPg(runtime, imported, '/data/a.pg');
      assert.equal(await imported.objects.pgGet(pg, importMarkKey), undefined);
      for (const object of made.workload.objects) {
        if (printPgId(made.workload.pgOf(object)) === printPgId(pg))
          await compareObject(imported, made.reference, object);
      }
      await imported.close();
    });
  });
});

const object = objectId(poolId(3), { namespace: 'ns', locator: '', name: 'one' });
const goldenFrames: [PgFileRecord, string][] = [
  [
    {
      kind: 'begin',
      pg: { pool: poolId(3), pg: 31 },
      pgNum: 64,
      osd: 3,
      storeUuid: Uint8Array.of(1, 2, 3),
      fsid: 'f',
      trimmedTo: 5,
      lastSeq: 300,
      lastTerm: 2,
    },
    '01031f400303010203016605ac0202',
  ],
  [{ kind: 'value', key: 'k\xff', value: utf8Bytes('v') }, '02026bff0176'],
  [{ kind: 'entry', bytes: utf8Bytes('entry') }, '03656e747279'],
  [
    { kind: 'object', object, size: 9, version: { term: 1, seq: 2 }, attributes: new Map([['a', utf8Bytes('b')]]) },
    `04${Buffer.from([object.key.length]).toString('hex')}${Buffer.from(object.key, 'latin1').toString('hex')}0901020101610162`,
  ],
  [{ kind: 'data', offset: 300, blockShift: 12, bytes: utf8Bytes('data') }, '05ac020c64617461'],
  [{ kind: 'omap', key: 'k', head: utf8Bytes('head'), slots: [0, 3] }, '06016b02000368656164'],
  [{ kind: 'body', slot: 3, bytes: utf8Bytes('body') }, '0703626f6479'],
  [{ kind: 'mark', mark: 'm', value: utf8Bytes('due') }, '08016d03647565'],
  [
    { kind: 'end', objects: 1, dataBytes: 300, omapKeys: 2, bodies: 3, marks: 4, values: 5, entries: 6, skipped: 7 },
    '0901ac02020304050607',
  ],
];

describe('osd/store/tools: frames of a PG file', () => {
  for (const [record, hex] of goldenFrames) {
    it(`of kind ${record.kind} are what they were`, () => {
      assert.equal(hexText(encodePgFileRecord(record)), hex);
      assert.deepEqual(decodePgFileRecord(Buffer.from(hex, 'hex')), { ...record, ...bytesAsBuffers(record) });
    });
  }
});

describe('osd/store/tools: the file of a PG', () => {
  it('has the bytes that it had', async () => {
    await inWorld(1, async (runtime) => {
      await runtime.disk.makeDirectory('/data');
      const file = await runtime.disk.open('/data/golden.pg', { mode: 'create' });
      const writer = new FrameWriter(file);
      for (const [record] of goldenFrames)
        if (record.kind === 'begin' || record.kind === 'end') await writer.add(record);
      await writer.finish();
      await file.close();
      assert.equal(hexText(await readWholeFile(runtime.disk, '/data/golden.pg', 1_000)), goldenFile);
    });
  });
});

const goldenFile =
  '434149524e504758010000000f00000001031f400303010203016605ac02028ed013d843f3252a0a0000000901ac02020304050607f64a41f49c4fd5e8';

/** Views of a Buffer are Buffers. */
function bytesAsBuffers(record: PgFileRecord): object {
  const views = ['bytes', 'head'].filter((name) => name in record);
  return Object.fromEntries(
    views.map((name) => [name, Buffer.from((record as unknown as Record<string, Uint8Array>)[name] ?? [])]),
  );
}
