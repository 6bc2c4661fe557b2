/** What a copy gives to the copies that it is split into, of what it keeps for itself. */
import assert from 'node:assert/strict';
import { utf8Bytes } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { pgTerm } from '../../../cluster/ids.js';
import { pgOfHash } from '../../../cluster/object-placement.js';
import { encodePartialCopy } from '../../../osd/pg/copy/partial-copy.js';
import { PgCopy } from '../../../osd/pg/pg-copy.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { ObjectId } from '../../../osd/store/object-id.js';
import { payloadOf } from '../../../osd/store/transaction.js';
import { directory, entryOf, freshStore, inWorld, named, pg, pool, transactionOf } from '../store/one-store.js';

const objects = Array.from({ length: 20 }, (_, i) => named(`object ${i}`));
const of = (pgNum: number, number: number): ObjectId[] =>
  objects.filter(({ hash }) => pgOfHash(hash, pgNum) === number);

describe('osd/pg: a copy that is split', () => {
  it('gives each part its objects, what is missing of them, and all answers; terms are its own', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      const copy = await PgCopy.open(store, pg);
      copy.notePgNum(1);
      copy.enter(pgTerm(7), { kind: 'sync' });
      for (const [i, object] of objects.entries()) {
        const data = payloadOf(new Uint8Array(100 + i));
        const entry = entryOf(i + 1, { object, session: new Uint8Array(16).fill(3), request: i + 1 });
        await copy.submit(transactionOf([{ kind: 'write', object, offset: 0, data }], { entry })).durable;
      }
      const missing = objects.map((object) => ({ kind: 'size', object, from: 5 }) as const);
      for (const object of objects) {
        const rest = [{ kind: 'size', object, from: 5 }] as const;
        const note = encodePartialCopy({ object, version: { term: 1, seq: 1 }, at: { term: 1, seq: 20 }, rest });
        await copy.submit(transactionOf([copy.notePartial(object.key, note)])).durable;
      }
      const answer = { kind: 'pg-set', key: 'session/answer', value: utf8Bytes('yes') } as const;
      await copy.submit(transactionOf([...copy.noteMissing(missing), answer])).durable;
      assert.deepEqual(copy.childrenOf(4), [1, 2, 3]);
      copy.freeze(new CairnError('CONFLICT', 'frozen'));
      assert.throws(() => copy.submit(transactionOf([])), { message: 'frozen' });
      await copy.split(4);
      await store.close();
      const again = await openStore(runtime, directory);
      for (const number of [0, 1, 2, 3]) {
        const part = await PgCopy.open(again, { pool, pg: number });
        const own = of(4, number);
        assert.ok(own.length > 1);
        const bytes = own.reduce((sum, object) => sum + 100 + objects.indexOf(object), 0);
        assert.deepEqual(again.counts(part.pg), { objects: own.length, bytes }, `counts of ${number}`);
        assert.deepEqual([part.pgNum, part.term, part.isComplete], [4, number === 0 ? 7 : 0, true]);
        assert.deepEqual(part.last, { term: 1, seq: 20 });
        const lacks = (await part.missing()).map((one) => ('object' in one ? one.object.key : ''));
        assert.deepEqual(lacks.sort(), own.map(({ key }) => key).sort());
        assert.deepEqual([...(await part.partials()).keys()].sort(), lacks);
        assert.deepEqual(await part.ownValue('session/answer'), Buffer.from('yes'));
        const { entries } = await again.readLog(part.pg, 0);
        const requests = entries.map(({ object, request }) => [object?.key, request]);
        const isOwn = (object: ObjectId): boolean => own.includes(object);
        assert.deepEqual(
          requests,
          objects.map((object, i) => (isOwn(object) ? [object.key, i + 1] : [undefined, 0])),
        );
      }
      await again.close();
    });
  });

  it('that is not whole has all its parts join from the beginning', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      const copy = await PgCopy.open(store, pg);
      copy.notePgNum(1);
      const join = { from: 5, cursor: 'somewhere' };
      const [object] = objects;
      assert.ok(object !== undefined);
      const mutations = [{ kind: 'create', object } as const, copy.noteJoin(join)];
      await copy.submit(transactionOf(mutations, { entry: entryOf(9, { object }) })).durable;
      copy.joinIs(join);
      await copy.split(2);
      for (const number of [0, 1]) {
        const part = await PgCopy.open(store, { pool, pg: number });
        assert.deepEqual(part.join, { from: undefined, cursor: '' });
      }
      assert.deepEqual(copy.join, { from: undefined, cursor: '' });
      await store.close();
    });
  });

  it('that has nothing leaves no copies of its children', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      const copy = await PgCopy.open(store, pg);
      copy.notePgNum(1);
      await copy.split(8);
      assert.deepEqual(
        store.pgs().map((one) => one.pg),
        [0],
      );
      assert.equal((await PgCopy.open(store, pg)).pgNum, 8);
      await store.close();
    });
  });
});
