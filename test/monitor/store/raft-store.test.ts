import assert from 'node:assert/strict';
import { isCairnError, type ErrorCode } from '../../../base/errors.js';
import { Xxh64Stream } from '../../../base/xxh64.js';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import { logIndex, memberId, term, type SnapshotMeta } from '../../../monitor/raft/types.js';
import { RaftStore } from '../../../monitor/store/raft-store.js';
import { readVoteFile, VoteFile } from '../../../monitor/store/vote-file.js';
import type { Runtime } from '../../../runtime/runtime.js';
import {
  allKeys,
  chunkOf,
  command,
  contentOf,
  createStore,
  directory,
  entriesOf,
  fsid,
  historyOf,
  membership,
  onMachine,
  openStore,
  pieces,
  self,
  textOf,
  voteFor,
  withKv,
} from './support.js';

function code(expected: ErrorCode, words: RegExp = /./): (error: unknown) => boolean {
  return (error) => isCairnError(error, expected) && words.test(error.message);
}

function metaOf(index: number, inTerm: number, ...chunks: readonly string[]): SnapshotMeta {
  const content = new Xxh64Stream();
  for (const chunk of chunks) content.update(utf8Bytes(chunk));
  const checksum = content.digest().toString(16).padStart(16, '0');
  return {
    index: logIndex(index),
    term: term(inTerm),
    membership,
    bytes: chunks.join('').length,
    chunks: chunks.length,
    checksum,
  };
}

/** Of a store whose log ends before the first of them. */
async function takeSnapshots(store: RaftStore, indices: readonly number[]): Promise<SnapshotMeta[]> {
  const taken: SnapshotMeta[] = [];
  for (const index of indices) {
    await store.write([entriesOf(command(index, 1))]);
    const position = { index: logIndex(index), term: term(1), membership };
    const meta = await store.saveSnapshot(position, pieces(`state ${index}`));
    assert.ok(meta !== undefined);
    taken.push(meta);
  }
  return taken;
}

async function chunksOf(store: RaftStore, meta: SnapshotMeta): Promise<string[]> {
  const chunks: string[] = [];
  for (let chunk = 0; chunk < meta.chunks; chunk++) {
    const data = await store.readChunk(meta, chunk);
    if (data !== undefined) chunks.push(utf8Text(data));
  }
  return chunks;
}

describe('monitor/store', () => {
  it('begins with the snapshot that it was created with', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const opened = await openStore(runtime);
      assert.equal(await contentOf(opened), 'term 1 vote undefined; snapshot 1/1 7,8,9+ "founded"; ');
      assert.equal(opened.initial.snapshot.chunks, 2);
    }));

  it('holds after a restart what was written, cut and replaced', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      for (const step of historyOf(store)) await step();
      await store.close();
      const expected = 'term 3 vote 9; snapshot 4/3 7,8,9+ "state at 4"; 5/3:6335 6/3:6336 7/3:7a';
      assert.equal(await contentOf(await openStore(runtime)), expected);
    }));

  it('cuts what follows the last entry written, in one batch and in several', async () => {
    for (const writes of [1, 2]) {
      await onMachine(1, async (runtime) => {
        await createStore(runtime);
        const { store } = await openStore(runtime);
        const long = entriesOf(command(2, 1), command(3, 1), command(4, 1), command(5, 1));
        const short = entriesOf(command(3, 2, 'x'));
        await store.write(writes === 1 ? [voteFor(2, 8), long, short] : [voteFor(2, 8), long]);
        if (writes === 2) await store.write([short]);
        await store.close();
        const expected = 'term 2 vote 8; snapshot 1/1 7,8,9+ "founded"; 2/1:6332 3/2:78';
        assert.equal(await contentOf(await openStore(runtime)), expected);
      });
    }
  });

  it('writes what is gathered in one batch, in order', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      await store.write([
        entriesOf(command(2, 2), command(3, 2), command(4, 2)),
        voteFor(3, 8),
        entriesOf(command(3, 3, 'x')),
        entriesOf(command(4, 3, 'y')),
      ]);
      await store.close();
      const expected = 'term 3 vote 8; snapshot 1/1 7,8,9+ "founded"; 2/2:6332 3/3:78 4/3:79';
      assert.equal(await contentOf(await openStore(runtime)), expected);
    }));

  it('takes a received snapshot in force with its last chunk, dropping the log or keeping what extends it', async () => {
    for (const dropsLog of [true, false]) {
      await onMachine(1, async (runtime) => {
        await createStore(runtime);
        const { store } = await openStore(runtime);
        const meta = metaOf(3, 2, 'ab', 'c');
        await store.write([voteFor(2, 8), entriesOf(command(2, 2), command(3, 2), command(4, 2))]);
        await store.write([chunkOf(meta, 0, 'ab')]);
        assert.equal(store.snapshot.index, 1);
        await store.write([chunkOf(meta, 1, 'c', dropsLog)]);
        assert.equal(await textOf(store.readSnapshot(meta)), 'abc');
        if (!dropsLog) await store.write([entriesOf(command(5, 2, 'n'))]);
        await store.close();
        const log = dropsLog ? '' : '4/2:6334 5/2:6e';
        assert.equal(await contentOf(await openStore(runtime)), `term 2 vote 8; snapshot 3/2 7,8,9+ "abc"; ${log}`);
      });
    }
  });

  it('drops a snapshot half received at a restart, and begins again with chunk 0', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const first = await openStore(runtime);
      await first.store.write([chunkOf(metaOf(9, 1, 'ab', 'c'), 0, 'ab')]);
      await first.store.close();
      const { store, initial } = await openStore(runtime);
      assert.equal(initial.snapshot.index, 1);
      const meta = metaOf(10, 1, 'de', 'f');
      await store.write([chunkOf(metaOf(9, 1, 'ab', 'c'), 0, 'ab')]);
      await store.write([chunkOf(meta, 0, 'de')]);
      await store.write([chunkOf(meta, 1, 'f', true)]);
      await store.close();
      const reopened = await openStore(runtime);
      assert.equal(await textOf(reopened.store.readSnapshot(meta)), 'def');
    }));

  it('refuses a received snapshot whose content is not what it says, and takes no more', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      await assert.rejects(store.write([chunkOf(metaOf(9, 1, 'ab'), 0, 'aB', true)]), code('CORRUPT'));
      await assert.rejects(store.write([voteFor(2, 8)]), code('CORRUPT'));
      await store.close();
      assert.match(await contentOf(await openStore(runtime)), /^term 1 vote undefined; snapshot 1\/1/);
    }));

  it('gives up its own snapshot when a newer one came in meanwhile', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      await store.write([entriesOf(command(2, 1), command(3, 1))]);
      const saving = store.saveSnapshot({ index: logIndex(2), term: term(1), membership }, pieces('own state'));
      const meta = metaOf(9, 1, 'ab');
      await store.write([chunkOf(meta, 0, 'ab', true)]);
      assert.equal(await saving, undefined);
      assert.equal(store.snapshot.index, 9);
    }));

  it('reads chunks of the snapshot in force only when none is kept, and lets a walk end that has begun', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      await store.write([entriesOf(command(2, 1))]);
      const old = store.snapshot;
      const walk = store.readSnapshot(old);
      assert.ok(walk !== undefined);
      const iterator = walk[Symbol.asyncIterator]();
      await iterator.next();
      const meta = await store.saveSnapshot({ index: logIndex(2), term: term(1), membership }, pieces('0123456789'));
      assert.ok(meta !== undefined);
      await runtime.clock.sleep(1_000);
      assert.equal(await store.readChunk(old, 0), undefined);
      assert.equal(store.readSnapshot(old), undefined);
      assert.deepEqual(
        await Promise.all([0, 1, 2].map(async (n) => utf8Text((await store.readChunk(meta, n)) ?? utf8Bytes('-')))),
        ['0123', '4567', '89'],
      );
      const rest = await iterator.next();
      assert.equal(rest.done === true ? '' : utf8Text(rest.value), 'ded');
      assert.equal((await iterator.next()).done, true);
    }));

  it('keeps a snapshot that is being sent while newer ones take its place, and deletes it afterwards', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      const sent = store.snapshot;
      store.keepSnapshots([sent]);
      const taken = await takeSnapshots(store, [2, 3]);
      await runtime.clock.sleep(1_000);
      assert.deepEqual(await chunksOf(store, sent), ['foun', 'ded']);
      assert.deepEqual(await chunksOf(store, taken[1]!), ['stat', 'e 3']);
      // The one between was never kept.
      assert.equal(await store.readChunk(taken[0]!, 0), undefined);
      store.keepSnapshots([]);
      assert.equal(await store.readChunk(sent, 0), undefined);
      await runtime.clock.sleep(1_000);
      // No other write had to come for that.
      await store.close();
      const keys = await withKv(runtime, allKeys);
      assert.equal(keys.filter((key) => key.startsWith('s')).length, 2);
    }));

  it('keeps one older snapshot and the one in force, as told last', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      const first = store.snapshot;
      store.keepSnapshots([first]);
      const [second] = await takeSnapshots(store, [2]);
      store.keepSnapshots([first, second!]);
      const [third] = await takeSnapshots(store, [3]);
      for (const meta of [first, second!, third!]) assert.equal((await chunksOf(store, meta)).length, 2);
      store.keepSnapshots([second!, third!]);
      assert.equal(await store.readChunk(first, 0), undefined);
      assert.deepEqual(await chunksOf(store, second!), ['stat', 'e 2']);
      assert.throws(() => store.keepSnapshots([first, second!, third!]), /few snapshots are kept/);
      // What it has no more, it cannot keep.
      store.keepSnapshots([first]);
      assert.equal(await store.readChunk(first, 0), undefined);
      assert.equal(await store.readChunk(second!, 0), undefined);
      assert.deepEqual(await chunksOf(store, third!), ['stat', 'e 3']);
    }));

  it('keeps nothing across a restart, and deletes then what it had kept', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      const sent = store.snapshot;
      store.keepSnapshots([sent]);
      await takeSnapshots(store, [2]);
      await store.close();
      const counts: number[] = [];
      const count = async (): Promise<void> => {
        const keys = await withKv(runtime, allKeys);
        counts.push(keys.filter((key) => key.startsWith('s')).length);
      };
      await count();
      const next = await openStore(runtime);
      assert.equal(await next.store.readChunk(sent, 0), undefined);
      await runtime.clock.sleep(1_000);
      await next.store.close();
      await count();
      assert.deepEqual(counts, [4, 2]);
    }));

  it('deletes what snapshots have replaced', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      for (let index = 2; index <= 100; index++) {
        await store.write([entriesOf(command(index, 1))]);
        if (index % 10 === 0) {
          await store.saveSnapshot({ index: logIndex(index), term: term(1), membership }, pieces(`state at ${index}`));
        }
      }
      await store.write([entriesOf(command(101, 1))]);
      await runtime.clock.sleep(10_000);
      await store.close();
      const keys = await withKv(runtime, allKeys);
      const counts = ['b', 'e', 'h', 's'].map((letter) => keys.filter((key) => key.startsWith(letter)).length);
      assert.deepEqual(counts, [64, 1, 1, 3]);
    }));

  it('takes nothing more after a failed sync, in the database or in the vote file', async () => {
    for (const persist of [entriesOf(command(2, 1)), voteFor(2, 7)]) {
      await onMachine(1, async (runtime, world) => {
        await createStore(runtime);
        const { store } = await openStore(runtime);
        world.machine('m').disk().faults.failNextSyncs = 1;
        await assert.rejects(store.write([persist]), code('IO_ERROR'));
        await assert.rejects(store.write([voteFor(9, 7)]), code('IO_ERROR'));
        const snapshot = store.saveSnapshot({ index: logIndex(1), term: term(1), membership }, pieces('x'));
        await assert.rejects(snapshot, code('IO_ERROR'));
        await store.close();
      });
    }
  });

  it('goes on with a vote that only the file has, and keeps it', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      await (await openStore(runtime)).store.close();
      const slots = await readVoteFile(runtime, directory);
      assert.ok(slots !== undefined);
      const { newest } = slots;
      // A crash between the two writes of a new vote.
      const file = await VoteFile.open(runtime, directory, newest);
      await file.write({ ...newest, hardState: { term: term(4), vote: memberId(9) }, batch: newest.batch + 1 });
      await file.close();
      for (let opening = 0; opening < 3; opening++) {
        const { store, initial } = await openStore(runtime);
        assert.deepEqual(initial.hardState, { term: 4, vote: 9 });
        await store.close();
      }
    }));

  it('sees the last vote of a process that ends while the next one opens', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const { store } = await openStore(runtime);
      const kv: Runtime['kv'] = {
        open: async (...args) => {
          await store.write([voteFor(5, 7)]);
          await store.close();
          return await runtime.kv.open(...args);
        },
      };
      const next = await openStore({ ...runtime, kv });
      assert.deepEqual(next.initial.hardState, { term: 5, vote: 7 });
      await next.store.write([voteFor(6, 8)]);
      await next.store.close();
      assert.deepEqual((await openStore(runtime)).initial.hardState, { term: 6, vote: 8 });
    }));

  it('refuses the directory of another cluster or member, and one that holds nothing', () =>
    onMachine(1, async (runtime) => {
      await assert.rejects(openStore(runtime), code('NOT_FOUND', /create/));
      await createStore(runtime);
      const other = '1111111127a14b0c9d1e8f2a3c4d5e6f';
      const wrongCluster = RaftStore.open(runtime, { directory, expected: { fsid: other, member: self } });
      await assert.rejects(wrongCluster, code('CONFLICT', /belongs to cluster 0b5e7f36/));
      const wrongMember = RaftStore.open(runtime, { directory, expected: { fsid, member: memberId(8) } });
      await assert.rejects(wrongMember, code('CONFLICT', /belongs to member 7, not to 8/));
      await assert.rejects(createStore(runtime), code('EXISTS'));
      await (await openStore(runtime)).store.close();
    }));
});
