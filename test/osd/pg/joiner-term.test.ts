/** A joiner, with a store of its own: what it keeps of an object that comes in pieces, and what it makes of pieces that are refused. */
import assert from 'node:assert/strict';
import { hexText, latin1Bytes } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { osdId, pgTerm, storeNumber } from '../../../cluster/ids.js';
import { partialsMax, encodePartialCopy } from '../../../osd/pg/copy/partial-copy.js';
import { packParts } from '../../../osd/pg/copy/parts-message.js';
import { unfinishedVersion } from '../../../osd/pg/copy/read-parts.js';
import { JoinerTerm } from '../../../osd/pg/joiner-term.js';
import type { JoinCopyRequest } from '../../../osd/pg/messages.js';
import { PgCopy } from '../../../osd/pg/pg-copy.js';
import type { PgHost } from '../../../osd/pg/pg-host.js';
import { Term } from '../../../osd/pg/term.js';
import type { ObjectId } from '../../../osd/store/object-id.js';
import type { Store } from '../../../osd/store/store.js';
import { type Mutation, payloadOf } from '../../../osd/store/transaction.js';
import { freshStore, inWorld, named, pg, transactionOf } from '../store/one-store.js';

const primary = { osd: osdId(1), store: storeNumber(1) };
const self = { osd: osdId(0), store: storeNumber(1), boot: 1 };
const version = { term: 1, seq: 5 };
const kilobyte = 1_024;

interface Scene {
  readonly joiner: JoinerTerm;
  readonly copy: PgCopy;
  readonly store: Store;
  /** Resolves when it is durable. */
  readonly copyParts: (mutations: readonly Mutation[], more?: Partial<JoinCopyRequest>) => Promise<void>;
  /** Returns what it has of objects in part, in hex. */
  readonly begin: (attempt: number) => Promise<readonly string[]>;
}

async function withJoiner(run: (scene: Scene) => Promise<void>): Promise<void> {
  await inWorld(async (runtime) => {
    const store = await freshStore(runtime);
    const copy = await PgCopy.open(store, pg);
    copy.notePgNum(1);
    copy.enter(pgTerm(3), { kind: 'sync' });
    const host = {
      runtime,
      store,
      self,
      joined: new Set<string>(),
      parked: { park: () => Promise.resolve() },
      acknowledge: () => undefined,
    } as unknown as PgHost;
    const record = { term: pgTerm(3), acting: [primary], eligible: [], mode: { kind: 'sync' } } as const;
    const term = new Term(host, pg, record);
    const joiner = new JoinerTerm(term, copy, primary);
    const to = term.headerTo(primary);
    let last = 0;
    const scene: Scene = {
      joiner,
      copy,
      store,
      copyParts: async (mutations, more = {}) => {
        const { payload, recordBytes, restBytes } = packParts(pg, { mutations, rest: [] });
        const state = { behind: null, cursor: latin1Bytes('') };
        const header = { ...to, attempt: last, recordBytes, restBytes, done: [], state, ...more };
        await joiner.copy(header, Buffer.concat(payload));
      },
      begin: async (attempt) => {
        last = attempt;
        await joiner.start({ ...to, attempt });
        const state = { behind: null, cursor: latin1Bytes('') };
        const { header } = await joiner.begin({ ...to, attempt, cutAfter: [0, 0], state });
        return (header.partial ?? []).map(hexText);
      },
    };
    await run(scene);
    await store.close();
  });
}

function piece(object: ObjectId, bytes: number): Mutation[] {
  return [
    { kind: 'write', object, offset: 0, data: payloadOf(new Uint8Array(bytes).fill(7)) },
    { kind: 'set-version', object, version: unfinishedVersion },
  ];
}

function noteOf(object: ObjectId, from = kilobyte): Uint8Array {
  return encodePartialCopy({ object, version, at: version, rest: [{ kind: 'size', object, from }] });
}

describe('osd/pg: a joiner', () => {
  const [a, b] = [named('a'), named('b')];

  it('tells the next attempt what it has of an object in part, until that is whole', async () => {
    await withJoiner(async ({ begin, copyParts, copy }) => {
      assert.deepEqual(await begin(1), []);
      await copyParts(piece(a, kilobyte), { partial: noteOf(a) });
      assert.deepEqual(await begin(2), [hexText(noteOf(a))]);
      await copyParts(piece(a, kilobyte), { keepsPartial: true });
      assert.deepEqual(await begin(3), [hexText(noteOf(a))], 'it is kept where the source says that it holds');
      await copyParts([{ kind: 'set-version', object: a, version }], {
        keepsPartial: true,
        done: [latin1Bytes(a.key)],
      });
      assert.deepEqual(await begin(4), []);
      assert.deepEqual([...(await copy.partials())], []);
    });
  });

  it('drops it with the first of what makes the object anew', async () => {
    await withJoiner(async ({ begin, copyParts, store }) => {
      await begin(1);
      await copyParts(piece(a, kilobyte), { partial: noteOf(a) });
      await copyParts(piece(b, kilobyte), { partial: noteOf(b) });
      // Several transactions, of which the last is refused: only that would have noted anything.
      const most = store.transactionBytesMax;
      await refusing(store, 1, async () => {
        await assert.rejects(copyParts([{ kind: 'remove', object: a }, ...piece(a, most)], { partial: noteOf(a) }));
      });
      assert.deepEqual(await begin(2), [hexText(noteOf(b))]);
    });
  });

  it('takes nothing of an attempt any more of which something was refused', async () => {
    await withJoiner(async ({ begin, copyParts, store, copy }) => {
      await begin(1);
      const done = { done: [latin1Bytes(a.key)], state: { behind: null, cursor: latin1Bytes(a.key) } };
      await refusing(store, 0, async () => {
        const first = copyParts(piece(a, kilobyte));
        const last = copyParts([{ kind: 'set-version', object: a, version }], done);
        await assert.rejects(first, { code: 'NO_SPACE' });
        await assert.rejects(last, { code: 'CONFLICT' });
      });
      assert.equal(await store.objects.stat(a), undefined);
      assert.deepEqual(copy.join, { from: undefined, cursor: '' });
    });
  });

  it('is not whole while an object is there in part', async () => {
    await withJoiner(async ({ begin, copyParts, joiner, copy }) => {
      await begin(1);
      await copyParts(piece(a, kilobyte), { partial: noteOf(a) });
      const header = { ...joiner.term.headerTo(primary), attempt: 1 };
      await assert.rejects(joiner.finish(header), { code: 'CONFLICT' });
      await copyParts([{ kind: 'set-version', object: a, version }], { done: [latin1Bytes(a.key)] });
      await joiner.finish(header);
      assert.ok(copy.isComplete);
    });
  });

  it('keeps no more of them than have room, the first in their order', async () => {
    await withJoiner(async ({ begin, copyParts }) => {
      await begin(1);
      const objects = Array.from({ length: partialsMax + 3 }, (_, i) => named(`object ${i}`));
      for (const object of objects) await copyParts(piece(object, kilobyte), { partial: noteOf(object) });
      const kept = await begin(2);
      assert.equal(kept.length, partialsMax);
      const [first = a] = [...objects].sort((x, y) => (x.key < y.key ? -1 : 1));
      for (const object of [first, objects.at(-1) ?? a]) assert.ok(kept.includes(hexText(noteOf(object))));
    });
  });

  it('forgets what it noted of an object that is whole by now, and what nobody can read', async () => {
    await withJoiner(async ({ begin, copyParts, store, copy }) => {
      await begin(1);
      await copyParts(piece(a, kilobyte), { partial: noteOf(a) });
      await store.apply(
        transactionOf([
          { kind: 'set-version', object: a, version },
          { kind: 'create', object: b },
          copy.notePartial(b.key, new Uint8Array([9])),
        ]),
      );
      assert.deepEqual(await begin(2), []);
      assert.deepEqual([...(await copy.partials())], []);
    });
  });
});

/** Its store has no room for what is submitted after so many transactions. */
async function refusing(store: Store, after: number, run: () => Promise<void>): Promise<void> {
  const submit = store.submit.bind(store);
  let left = after;
  store.submit = (transaction) => {
    const hasData = transaction.mutations.some(({ kind }) => kind === 'write');
    if (hasData && left-- <= 0) throw new CairnError('NO_SPACE', 'full');
    return submit(transaction);
  };
  try {
    await run();
  } finally {
    store.submit = submit;
  }
}
