/** A joiner, with a store of its own: what it makes of pieces that are refused. */
import assert from 'node:assert/strict';
import { latin1Bytes } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { osdId, pgTerm, storeNumber } from '../../../cluster/ids.js';
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
import { freshStore, inWorld, named, pg } from '../store/one-store.js';

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
  readonly begin: (attempt: number) => Promise<void>;
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
        await joiner.begin({ ...to, attempt, cutAfter: [0, 0], state });
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

describe('osd/pg: a joiner', () => {
  const a = named('a');

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
