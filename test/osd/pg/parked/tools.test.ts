/** What the tools for a store that nobody has open make of what is parked there. */
import assert from 'node:assert/strict';
import { ParkedSet } from '../../../../osd/pg/parked/parked-set.js';
import { PgCopy } from '../../../../osd/pg/pg-copy.js';
import { mkfs } from '../../../../osd/store/mkfs.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { parkedAttribute, parkedKey, parkedObjectId, shadowPg } from '../../../../osd/store/parked/parked-place.js';
import { dump } from '../../../../osd/store/tools/dump/dump.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import { exportPg } from '../../../../osd/store/tools/pg-file/export-pg.js';
import { importPg } from '../../../../osd/store/tools/pg-file/import-pg.js';
import { salvage } from '../../../../osd/store/tools/salvage/salvage.js';
import type { Mutation } from '../../../../osd/store/transaction.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { directory, freshStore, inWorld, named, pg, pool } from '../../store/one-store.js';
import { Writer } from './writer.js';

const other = '/data/other';
const shadow = shadowPg(pool);
const placeOf = (seq: number) => ({ pg, version: { term: 1, seq } });

/** A closed store in which two objects are parked, as entries 1.1 and 1.2; `spoil` changes its shadow pool. */
async function withParked(spoil: readonly Mutation[], body: (runtime: Runtime) => Promise<void>): Promise<void> {
  await inWorld(async (runtime) => {
    const store = await freshStore(runtime);
    const writer = new Writer(await PgCopy.open(store, pg));
    writer.copy.notePgNum(1);
    await writer.enter(1, 'async');
    await writer.write(named('a'), 'of a');
    await writer.write(named('b'), 'of b');
    await new ParkedSet(runtime, store).park(writer.copy, { term: 0, seq: 0 });
    if (spoil.length > 0) await store.apply({ pg: shadow, blockShift: 12, mutations: spoil });
    await store.close();
    await body(runtime);
  });
}

async function namesIn(runtime: Runtime, where: string): Promise<string[]> {
  const store = await openStore(runtime, where);
  const { parked } = await new ParkedSet(runtime, store).list(pool, { pg: undefined, after: '', count: 10 });
  await store.close();
  return parked.map(({ what, version }) => `${what.name.name} ${version.term}.${version.seq}`);
}

const spoilt: readonly {
  name: string;
  spoil: readonly Mutation[];
  found: readonly (string | RegExp)[];
  parked: number;
}[] = [
  { name: 'nothing where all is there', spoil: [], found: [], parked: 2 },
  {
    name: 'an object that nothing tells of',
    spoil: [{ kind: 'remove', object: parkedObjectId(placeOf(1), 'log') }],
    found: ['parked-object', /nothing tells what it is/],
    parked: 1,
  },
  {
    name: 'an object that is missing',
    spoil: [{ kind: 'remove', object: parkedObjectId(placeOf(2), 'object') }],
    found: ['parked-object', /the object that it tells of is missing/],
    parked: 1,
  },
  {
    name: 'what is told of an object and cannot be read',
    spoil: [
      {
        kind: 'set-attributes',
        object: parkedObjectId(placeOf(1), 'log'),
        set: new Map([[parkedAttribute, Uint8Array.of(9)]]),
      },
    ],
    found: ['parked-object', /cannot be read/],
    parked: 1,
  },
  {
    name: 'an object that was being parked',
    spoil: [
      { kind: 'pg-set', key: parkedKey(placeOf(9)), value: new Uint8Array(0) },
      { kind: 'create', object: parkedObjectId(placeOf(9), 'object') },
    ],
    found: ['parked-unfinished', /was being parked when the process ended/],
    parked: 2,
  },
];

describe('osd/pg/parked: tools', () => {
  for (const { name, spoil, found, parked } of spoilt) {
    it(`fsck finds ${name}`, async () => {
      await withParked(spoil, async (runtime) => {
        const result = await fsck(runtime, directory, { deep: true });
        const [code, message] = found;
        assert.deepEqual(
          result.findings.map((finding) => finding.code),
          code === undefined ? [] : [code],
        );
        if (message !== undefined) assert.match(result.findings[0]?.message ?? '', message as RegExp);
        assert.deepEqual([result.parked, result.pgs], [parked, 1]);
      });
    });
  }

  it('dump lists it, and says of which pool the shadow is', async () => {
    await withParked([], async (runtime) => {
      const facts: unknown[] = [];
      for await (const fact of dump(runtime, directory, { kind: 'parked' })) facts.push(fact);
      const rows = facts as Readonly<Record<string, unknown>>[];
      assert.deepEqual(
        new Set(rows.map(({ pg: of, object }) => `${String(of)} ${String(object)}`)),
        new Set(['1.0 0/1.1', '1.0 0/1.2']),
      );
      const pgs: unknown[] = [];
      for await (const fact of dump(runtime, directory, { kind: 'pgs' })) pgs.push(fact);
      assert.deepEqual(
        (pgs as Readonly<Record<string, unknown>>[]).map((fact) => fact['parkedOfPool']),
        [undefined, 1],
      );
    });
  });

  it('export tells of it, and carries it to another store when asked', async () => {
    await withParked([], async (runtime) => {
      const told: number[] = [];
      await exportPg(runtime, directory, '/data/pg', { pg, pgNum: 1, onParked: (count) => told.push(count) });
      assert.deepEqual(told, [2]);
      await exportPg(runtime, directory, '/data/parked', {
        pg: shadow,
        pgNum: 1,
        onParked: (count) => told.push(count),
      });
      assert.deepEqual(told, [2]);
      await mkfs(runtime, other, { osd: 1, capacityBytes: 18 * 2 ** 20, segmentBytes: 2 ** 20 });
      const store = await openStore(runtime, other);
      await importPg(runtime, store, '/data/parked');
      await assert.rejects(importPg(runtime, store, '/data/parked'), { code: 'EXISTS' });
      await store.close();
      assert.deepEqual(await namesIn(runtime, other), ['a 1.1', 'b 1.2']);
    });
  });

  it('salvage keeps it', async () => {
    await withParked([], async (runtime) => {
      await runtime.disk.removeTree(`${directory}/index`);
      await salvage(runtime, directory, other);
      assert.deepEqual(await namesIn(runtime, other), ['a 1.1', 'b 1.2']);
    });
  });
});
