/** Every kind of damage is found, under its code, and what can be mended without a guess is. */
import assert from 'node:assert/strict';
import { cp, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { poolId, printPgId } from '../../../../cluster/ids.js';
import { encodeChunk } from '../../../../osd/store/format/chunk-value.js';
import {
  chunkKey,
  logBlockKey,
  markKey,
  omapKey,
  payloadOwnerKey,
  segmentKey,
  sharedKey,
} from '../../../../osd/store/format/index-key.js';
import { encodeOmapValue } from '../../../../osd/store/format/omap-value.js';
import { encodePayloadOwner } from '../../../../osd/store/format/payload-owner.js';
import { decodeSharedPayload, encodeSharedPayload } from '../../../../osd/store/format/shared-payload.js';
import { objectId } from '../../../../osd/store/object-id.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { encodeLogBlock } from '../../../../osd/store/pg/log-block.js';
import { encodePgNum, pgNumKey } from '../../../../osd/store/pg/pg-num.js';
import { decodePgRecord, encodePgRecord, type LogBlockInfo } from '../../../../osd/store/pg/pg-state.js';
import { decodeSegmentInfo, encodeSegmentInfo } from '../../../../osd/store/segments/segment-table.js';
import type { Store } from '../../../../osd/store/store.js';
import type { FindingCode } from '../../../../osd/store/tools/fsck/finding.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import type { Kv, KvOperation } from '../../../../runtime/kv.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { compareAll } from '../compare.js';
import type { Reference } from '../reference.js';
import { inWorld, makeStore, onDisk, pgNum, simDirectory } from './made-store.js';
import { flip, rangesOf } from './stored-ranges.js';

const pgNums = new Map([
  [1, pgNum],
  [2, pgNum],
]);

async function codesOf(runtime: Runtime, directory: string): Promise<Set<FindingCode>> {
  const { findings } = await fsck(runtime, directory, { deep: true, pgNums });
  return new Set(findings.map(({ code }) => code));
}

describe('osd/store/tools/fsck: damaged segments', () => {
  it('finds a flipped bit anywhere in a batch, and names the payload where one is hit', async function () {
    this.timeout(120_000);
    await onDisk(async (runtime, directory) => {
      const { store } = await makeStore(runtime, directory, { seed: 2, operations: 400 });
      await store.close();
      const { batches, payloads } = await rangesOf(runtime, directory);
      const prng = new Prng('flips');
      assert.ok(payloads.length > 5 && batches.length > 50, `${payloads.length} ${batches.length}`);
      for (let i = 0; i < 24; i++) {
        const isPayload = i % 3 === 0;
        const { path, from, to } = prng.pick(isPayload ? payloads : batches);
        // Headers and records stand at the beginning of a batch.
        const position = from + prng.below(i % 3 === 1 ? Math.min(160, to - from) : to - from);
        await flip(path, position);
        const codes = await codesOf(runtime, directory);
        assert.ok(codes.has('batch'), `byte ${position} of ${path}`);
        if (isPayload) assert.ok(codes.has('payload'), `byte ${position} of ${path}`);
        await flip(path, position);
      }
      assert.deepEqual(await codesOf(runtime, directory), new Set());
    });
  });

  it('finds a header that is damaged, a file that is cut off, and one that is gone', async () => {
    await onDisk(async (runtime, directory) => {
      const { store } = await makeStore(runtime, directory, { seed: 3 });
      await store.close();
      const path = join(directory, 'segments/00000000.seg');
      await cp(path, `${path}.kept`);
      await flip(path, 40);
      assert.deepEqual(await codesOf(runtime, directory), new Set(['segment-header']));
      await cp(`${path}.kept`, path);
      await truncate(path, 300_000);
      const cut = await codesOf(runtime, directory);
      for (const code of ['segment-short', 'payload', 'batch'] as const) assert.ok(cut.has(code), code);
      await rm(path);
      const gone = await codesOf(runtime, directory);
      for (const code of ['segment-missing', 'payload'] as const) assert.ok(gone.has(code), code);
    });
  });

  it('finds rot in the log behind the checkpoint', async () => {
    await onDisk(async (runtime, directory) => {
      const { store } = await makeStore(runtime, directory, { seed: 4, operations: 100, checkpointEvery: 40 });
      await store.abandon();
      const { batches } = await rangesOf(runtime, directory);
      const { path, from } = batches.at(-5) ?? assert.fail();
      await flip(path, from + 20);
      const result = await fsck(runtime, directory, { deep: true, repair: true });
      assert.ok(result.findings.some(({ code }) => code === 'log-corrupt'));
      assert.equal(result.isComplete, false);
      assert.ok(result.repaired === 'refused' || result.repaired === 'nothing to do');
    });
  });

  it('finds that the index is gone, and openStore says what to do', async () => {
    await onDisk(async (runtime, directory) => {
      const { store } = await makeStore(runtime, directory, { seed: 5, operations: 20 });
      await store.close();
      await rm(join(directory, 'index'), { recursive: true });
      await assert.rejects(openStore(runtime, directory), {
        code: 'CORRUPT',
        message: /missing or empty; run cairn osd fsck/,
      });
      assert.deepEqual(await codesOf(runtime, directory), new Set(['index-missing']));
    });
  });
});

/** A key of each kind, such that the store has something to lose with it, and what shows that it is gone. */
async function victims(kv: Kv): Promise<[string, FindingCode[]][]> {
  const first = async (space: string, isWanted: (value: Uint8Array) => boolean = () => true): Promise<string> => {
    const iterator = kv.iterate({ gte: space, lt: String.fromCharCode(space.charCodeAt(0) + 1) });
    for (;;) {
      const [entry] = await iterator.next(1);
      if (entry === undefined) return assert.fail(`no key of ${space}`);
      if (isWanted(entry.value)) return entry.key;
    }
  };
  return [
    [await first('o'), ['pool-counts']],
    [await first('e', (value) => value.byteLength > 12), ['live-bytes', 'shared-references']],
    [await first('m', (value) => (value[1] ?? 0) > 0), ['live-bytes', 'owner-orphan']],
    [await first('s'), ['shared-missing']],
    [await first('r'), ['owner-missing']],
    [await first('l'), ['log-block-missing']],
    [await first('q'), ['pool-counts', 'pg-values']],
    [await first('g'), ['payload-place', 'segment-info', 'live-bytes']],
    ['C', ['checkpoint']],
    [await first('c'), ['checkpoint-marker']],
  ];
}

describe('osd/store/tools/fsck: a damaged index', () => {
  it('finds keys that are hidden, and values that have rotted', async function () {
    this.timeout(120_000);
    for (let i = 0; i < 10; i++) {
      await inWorld(9, async (runtime, machine) => {
        const { store } = await makeStore(runtime, simDirectory, { seed: 9, operations: 250 });
        await store.close();
        const kv = await runtime.kv.open(`${simDirectory}/index`);
        const [key, codes] = (await victims(kv))[i] ?? assert.fail();
        await kv.close();
        const { faults } = machine.disk();
        const isRot = faults.flipValueBit(`${simDirectory}/index`, key, 5);
        assert.ok(isRot);
        const rotten = await codesOf(runtime, simDirectory);
        const expected: FindingCode = key === 'C' ? 'checkpoint' : 'index-value';
        assert.ok(rotten.has(expected), `${key.slice(0, 1)}: ${Array.from(rotten).join()}`);
        assert.ok(faults.dropKvKey(`${simDirectory}/index`, key));
        const found = await codesOf(runtime, simDirectory);
        assert.ok(
          codes.some((code) => found.has(code)),
          `${key.slice(0, 1)}: ${Array.from(found).join()}`,
        );
        assert.ok(!found.has('index-value'));
      });
    }
  });
});

interface Tampering {
  readonly name: string;
  readonly code: FindingCode;
  readonly change: (kv: Kv) => Promise<KvOperation[]>;
}

const stranger = objectId(poolId(1), { namespace: '', locator: '', name: 'nobody' });
/** Behind every object that there is. */
const last = objectId(poolId(2 ** 31 - 1), { namespace: '', locator: '', name: 'nobody' });
const pg = { pool: poolId(1), pg: 1 };

async function valuesOf(kv: Kv, space: string): Promise<readonly { key: string; value: Uint8Array }[]> {
  return await kv.iterate({ gte: space, lt: String.fromCharCode(space.charCodeAt(0) + 1) }).next(10_000);
}

function put(key: string, value: Uint8Array): KvOperation[] {
  return [{ type: 'put', key, value }];
}

/** In the record of the PG with the most blocks. */
async function changeBlock(kv: Kv, pick: (blocks: readonly LogBlockInfo[]) => number): Promise<KvOperation[]> {
  const entries = await valuesOf(kv, 'q');
  const [entry = assert.fail()] = [...entries].sort((a, b) => b.value.byteLength - a.value.byteLength);
  const record = decodePgRecord(entry.value);
  assert.ok(record.blocks.length > 1);
  const index = pick(record.blocks);
  const block = record.blocks[index] ?? assert.fail();
  const blocks = record.blocks.with(index, { ...block, entries: block.entries - 1, bytes: block.bytes + 1 });
  return put(entry.key, encodePgRecord({ ...record, blocks }));
}

const tamperings: Tampering[] = [
  {
    name: 'live bytes of a segment',
    code: 'live-bytes',
    change: async (kv) => {
      const info = decodeSegmentInfo((await kv.get(segmentKey(0))) ?? assert.fail());
      return put(segmentKey(0), encodeSegmentInfo({ ...info, liveBytes: info.liveBytes + 1_000 }));
    },
  },
  {
    name: 'references of a shared payload',
    code: 'shared-references',
    change: async (kv) => {
      const [entry = assert.fail()] = await valuesOf(kv, 's');
      const shared = decodeSharedPayload(entry.value);
      return put(entry.key, encodeSharedPayload({ ...shared, references: shared.references + 2 }));
    },
  },
  {
    name: 'counts of a PG',
    code: 'pool-counts',
    change: async (kv) => {
      const [entry = assert.fail()] = await valuesOf(kv, 'q');
      const record = decodePgRecord(entry.value);
      return put(entry.key, encodePgRecord({ ...record, objects: record.objects + 1, bytes: record.bytes + 7 }));
    },
  },
  {
    name: 'the last log block in a PG record',
    code: 'log-block-info',
    change: (kv) => changeBlock(kv, (blocks) => blocks.length - 1),
  },
  {
    name: 'an older log block in a PG record',
    code: 'log-block-info',
    change: (kv) => changeBlock(kv, () => 0),
  },
  {
    name: 'a chunk of nobody',
    code: 'chunk-orphan',
    change: async () => put(chunkKey(stranger, 3), encodeChunk([])),
  },
  {
    name: 'an omap key of nobody',
    code: 'omap-orphan',
    change: async () => put(omapKey(stranger, 'k'), encodeOmapValue({ head: new Uint8Array(3), bodies: [] })),
  },
  { name: 'a mark of nobody', code: 'mark-orphan', change: async () => put(markKey(last, 'k'), new Uint8Array(3)) },
  {
    name: 'a chunk beyond its object, or beside extents in its head',
    code: 'chunk-beyond',
    change: async (kv) => {
      const [entry = assert.fail()] = await valuesOf(kv, 'e');
      return put(`${entry.key.slice(0, -4)}\0\0\x0f\0`, encodeChunk([]));
    },
  },
  {
    name: 'a shared payload that nothing points to',
    code: 'shared-orphan',
    change: async (kv) => {
      const [entry = assert.fail()] = await valuesOf(kv, 's');
      // Of low id, so that the next one is free.
      const ids = new Set((await valuesOf(kv, 's')).map(({ key }) => key));
      let id = 1;
      while (ids.has(sharedKey(id))) id += 1;
      return put(sharedKey(id), entry.value);
    },
  },
  {
    name: 'a payload owner that owns nothing',
    code: 'owner-orphan',
    change: async () =>
      put(payloadOwnerKey({ segment: 0, offset: 4_100 }), encodePayloadOwner({ kind: 'shared', id: 1 })),
  },
  {
    name: 'a payload owner that is missing',
    code: 'owner-missing',
    change: async (kv) => [{ type: 'delete', key: (await valuesOf(kv, 'r'))[0]?.key ?? assert.fail() }],
  },
  {
    name: 'a log block of no log',
    code: 'log-block-orphan',
    change: async () => put(logBlockKey(pg, 1_000_000), encodeLogBlock([])),
  },
];

/** More than a block of a PG's log. */
async function fillLog(store: Store, reference: Reference): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const seq = reference.pg(printPgId(pg)).lastSeq + 1;
    const none = new Uint8Array(0);
    const entry = { seq, term: 1_000, object: undefined, session: none, request: i, reply: none };
    const transaction = { pg, blockShift: 12, mutations: [], entry };
    reference.apply(transaction);
    await store.apply(transaction);
  }
}

async function checked(store: Store, runtime: Runtime): Promise<{ codes: string[]; pgs: (string | undefined)[] }> {
  await store.close();
  const { findings } = await fsck(runtime, simDirectory, { pgNums });
  return { codes: findings.map(({ code }) => code), pgs: findings.map(({ pg: name }) => name) };
}

describe('osd/store/tools/fsck: accounts that are wrong', () => {
  for (const { name, code, change } of tamperings) {
    it(`finds and mends ${name}`, async () => {
      await inWorld(6, async (runtime) => {
        const { store, reference, workload } = await makeStore(runtime, simDirectory, { seed: 12, operations: 250 });
        if (code === 'log-block-info') await fillLog(store, reference);
        await store.close();
        const kv = await runtime.kv.open(`${simDirectory}/index`);
        await kv.batch(await change(kv), { sync: true });
        await kv.close();
        const found = await fsck(runtime, simDirectory, { pgNums });
        assert.ok(
          found.findings.some((finding) => finding.code === code && finding.isRepairable),
          JSON.stringify(found.findings),
        );
        const mended = await fsck(runtime, simDirectory, { pgNums, repair: true });
        assert.equal(mended.repaired, 'done', mended.repairNotes.join());
        const after = await fsck(runtime, simDirectory, { pgNums, deep: true });
        assert.deepEqual(after.findings, []);
        const again = await openStore(runtime, simDirectory);
        await compareAll(again, reference, workload.objects, (object) => workload.pgOf(object));
        await again.close();
      });
    });
  }

  it('finds a PG that others were split from, and that does not know it', async () => {
    await inWorld(7, async (runtime) => {
      const { store, workload, reference } = await makeStore(runtime, simDirectory, { seed: 7, operations: 100 });
      const split = workload.split(new Prng('one split'), reference) ?? assert.fail();
      await store.apply(split);
      assert.deepEqual((await checked(store, runtime)).codes, []);
      const again = await openStore(runtime, simDirectory);
      const value = encodePgNum(pgNum);
      await again.apply({ pg: split.pg, blockShift: 12, mutations: [{ kind: 'pg-set', key: pgNumKey, value }] });
      const { codes, pgs } = await checked(again, runtime);
      assert.ok(codes.includes('pg-overlap'));
      const [child] = split.split?.children ?? assert.fail();
      assert.ok(pgs.includes(printPgId({ pool: split.pg.pool, pg: child?.pg ?? assert.fail() })));
    });
  });

  it('reports a key of no key space, and leaves it alone', async () => {
    await inWorld(7, async (runtime) => {
      const { store } = await makeStore(runtime, simDirectory, { seed: 7, operations: 20 });
      await store.close();
      const kv = await runtime.kv.open(`${simDirectory}/index`);
      for (const key of ['zebra', 'C1', 'a']) await kv.batch(put(key, new Uint8Array(1)), { sync: true });
      await kv.close();
      const { findings, repaired } = await fsck(runtime, simDirectory, { repair: true });
      assert.deepEqual(
        findings.map(({ code }) => code),
        Array(3).fill('index-unknown-key'),
      );
      assert.equal(repaired, 'nothing to do');
    });
  });
});
