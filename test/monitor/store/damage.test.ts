/** Whatever is missing, flipped or older than it should be, is reported, or does not matter; it is never believed. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { latin1Bytes } from '../../../base/bytes.js';
import { showKey } from '../../../runtime/kv-seal.js';
import type { KvEntry } from '../../../runtime/kv.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { World } from '../../../runtime/sim/world.js';
import { readWholeFile, writeFileDurably } from '../../../runtime/whole-file.js';
import { logIndex, memberId, term } from '../../../monitor/raft/types.js';
import { encodeWitness } from '../../../monitor/store/batch-witness.js';
import { readVoteFile, VoteFile } from '../../../monitor/store/vote-file.js';
import {
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
  self,
  voteFor,
  withKv,
} from './support.js';

const identity = { fsid, member: self };

/** A store's disk. */
interface Image {
  readonly keys: readonly KvEntry[];
  readonly vote: Uint8Array;
  /** Default: none. */
  readonly witness?: Uint8Array | undefined;
}

async function read(runtime: Runtime): Promise<Image> {
  const keys = await withKv(runtime, async (kv) => {
    const found: KvEntry[] = [];
    const iterator = kv.iterate({});
    for (;;) {
      const entries = await iterator.next(100);
      if (entries.length === 0) break;
      found.push(...entries);
    }
    await iterator.close();
    return found;
  });
  return { keys, vote: await readWholeFile(runtime.disk, `${directory}/vote`, 100_000) };
}

async function install(runtime: Runtime, image: Image): Promise<void> {
  await runtime.disk.removeTree(directory);
  await withKv(runtime, (kv) =>
    kv.batch(
      image.keys.map((entry) => ({ type: 'put', ...entry })),
      { sync: true },
    ),
  );
  await writeFileDurably(runtime.disk, directory, 'vote', image.vote);
  if (image.witness !== undefined) await writeFileDurably(runtime.disk, directory, 'witness', image.witness);
}

/** The batch that the vote file knows of. */
async function batchOf(runtime: Runtime): Promise<number> {
  const slots = await readVoteFile(runtime, directory);
  assert.ok(slots !== undefined);
  return slots.newest.batch;
}

/** What opening finds: the content, or the message of the rot reported. Anything else fails the test. */
async function found(runtime: Runtime): Promise<{ readonly content: string } | { readonly rot: string }> {
  try {
    const opened = await openStore(runtime);
    const content = await contentOf(opened);
    await opened.store.close();
    return { content };
  } catch (error) {
    if (!isCairnError(error, 'CORRUPT')) throw error;
    assert.match(error.message, /the Raft store in \/mon is damaged: .*; remove that directory and start this monitor/);
    return { rot: error.message };
  }
}

/** The disk after each step of a history that also receives half a snapshot, and replaces its last entry. */
async function images(runtime: Runtime): Promise<Image[]> {
  await createStore(runtime);
  const all: Image[] = [];
  for (let step = 0; step < 9; step++) {
    const { store } = await openStore(runtime);
    await historyOf(store)[step]?.();
    if (step === 6) {
      const meta = { index: logIndex(9), term: term(3), membership, bytes: 4, chunks: 3, checksum: '00000000000000aa' };
      await store.write([chunkOf(meta, 0, 'a')]);
      await store.write([chunkOf(meta, 1, 'b')]);
    }
    if (step === 7) await store.write([entriesOf(command(8, 3))]);
    if (step === 8) await store.write([voteFor(4, 8), entriesOf(command(8, 4))]);
    if (step < 6) await runtime.clock.sleep(100);
    await store.close();
    all.push(await read(runtime));
  }
  return all;
}

async function onDamaged(
  body: (runtime: Runtime, images: readonly Image[], world: World) => Promise<void>,
): Promise<void> {
  await onMachine(1, async (runtime, world) => body(runtime, await images(runtime), world));
}

describe('monitor/store: damage', () => {
  it('opens what was not damaged', () =>
    onDamaged(async (runtime, all) => {
      for (const image of all) {
        await install(runtime, image);
        assert.ok('content' in (await found(runtime)));
      }
    }));

  it('reports any single key that is missing', () =>
    onDamaged(async (runtime, all) => {
      let count = 0;
      for (const image of all) {
        for (const { key } of image.keys) {
          await install(runtime, { ...image, keys: image.keys.filter((other) => other.key !== key) });
          assert.ok('rot' in (await found(runtime)), `${showKey(key)} is missed`);
          count += 1;
        }
      }
      assert.ok(count > 100, `${count} keys`);
    }));

  it('reports any key that shows an older value, or one that had been deleted', () =>
    onDamaged(async (runtime, all) => {
      let count = 0;
      for (const [step, image] of all.entries()) {
        for (const old of all.slice(0, step).flatMap(({ keys }) => keys)) {
          const now = image.keys.find(({ key }) => key === old.key);
          if (now !== undefined && Buffer.compare(now.value, old.value) === 0) continue;
          await install(runtime, image);
          const before = await found(runtime);
          await install(runtime, { ...image, keys: [...image.keys.filter(({ key }) => key !== old.key), old] });
          const after = await found(runtime);
          // What the snapshot in force covers may come back: it is not looked at.
          if ('content' in after) assert.deepEqual(after, before, `${showKey(old.key)} of an earlier time is believed`);
          else count += 1;
        }
      }
      assert.ok(count > 20, `${count} old values were reported`);
    }));

  it('reports any flipped bit of a value', () =>
    onDamaged(async (runtime, all, world) => {
      const image = all[6];
      assert.ok(image !== undefined);
      for (const { key, value } of image.keys) {
        for (let byte = 0; byte < value.byteLength + 8; byte += 3) {
          await install(runtime, image);
          assert.ok(
            world
              .machine('m')
              .disk()
              .faults.flipValueBit(`${directory}/raft`, key, byte * 8 + (byte % 8)),
          );
          assert.ok('rot' in (await found(runtime)), `byte ${byte} of ${showKey(key)}`);
        }
      }
    }));

  it('reports a value that is valid under another key', () =>
    onDamaged(async (runtime, all) => {
      const image = all.at(-1);
      assert.ok(image !== undefined);
      for (const { key } of image.keys) {
        const twin = image.keys.find((other) => other.key !== key && other.key[0] === key[0]);
        if (twin === undefined) continue;
        await install(runtime, {
          ...image,
          keys: image.keys.map((entry) => (entry.key === key ? { key, value: twin.value } : entry)),
        });
        assert.ok('rot' in (await found(runtime)), showKey(key));
      }
    }));

  it('reports a key that no store has', () =>
    onDamaged(async (runtime, all) => {
      const image = all[0];
      assert.ok(image !== undefined);
      for (const key of ['a', 'b', 'b1', 'e', 'f', 'h1', 's', 's12345678', 'z']) {
        await install(runtime, { ...image, keys: [...image.keys, { key, value: latin1Bytes('x') }] });
        assert.ok('rot' in (await found(runtime)), key);
      }
    }));

  it('goes on with one half of the vote file, and not with none', () =>
    onDamaged(async (runtime, all) => {
      for (const [step, image] of all.entries()) {
        await install(runtime, image);
        const whole = await found(runtime);
        // All images together: every other byte.
        for (let byte = step; byte < 512; byte += 2 * all.length) {
          const flipped = (at: number): Uint8Array =>
            image.vote.map((value, i) =>
              i % 4096 === at % 4096 && (at < 0 || i >= 4096 === at >= 4096) ? value ^ (1 << (byte % 8)) : value,
            );
          for (const half of [byte, byte + 4096]) {
            await install(runtime, { ...image, vote: flipped(half) });
            assert.deepEqual(await found(runtime), whole, `byte ${half}`);
            // It was repaired on the way.
            await install(runtime, await read(runtime));
            assert.deepEqual(await found(runtime), whole);
          }
        }
        const both = image.vote.map((value, i) => (i % 4096 === 20 ? value ^ 1 : value));
        await install(runtime, { ...image, vote: both });
        assert.ok('rot' in (await found(runtime)));
        await install(runtime, { ...image, vote: new Uint8Array(0) });
        assert.ok('rot' in (await found(runtime)));
      }
    }));

  it('reports a database that lost its last batches, by the vote file', () =>
    onDamaged(async (runtime, all) => {
      for (const [step, image] of all.entries()) {
        for (const older of all.slice(0, step)) {
          await install(runtime, { keys: older.keys, vote: image.vote });
          assert.ok('rot' in (await found(runtime)));
        }
      }
    }));

  it('reports a database that lost batches since the vote file was written, by the witness file', () =>
    onDamaged(async (runtime, all) => {
      for (const image of all) {
        await install(runtime, image);
        const batch = await batchOf(runtime);
        const whole = await found(runtime);
        for (const witnessed of [0, batch, batch + 1, batch + 100]) {
          await install(runtime, { ...image, witness: encodeWitness({ identity, batch: witnessed }) });
          const now = await found(runtime);
          if (witnessed <= batch) assert.deepEqual(now, whole);
          else assert.ok('rot' in now && now.rot.includes(`its witness file knows of batch ${witnessed}`));
        }
      }
    }));

  it('reports entries that were lost with a vote that the vote file still has', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      await (await openStore(runtime)).store.close();
      const slots = await readVoteFile(runtime, directory);
      assert.ok(slots !== undefined);
      const batch = slots.newest.batch + 1;
      const file = await VoteFile.open(runtime, directory, slots.newest);
      await file.write({ identity, hardState: { term: term(4), vote: memberId(9) }, batch });
      await file.close();
      // So it looks after a crash between the two writes of a vote, and after the loss of the second, with entries in it.
      const image = await read(runtime);
      for (const witnessed of [batch - 1, batch]) {
        await install(runtime, { ...image, witness: encodeWitness({ identity, batch: witnessed }) });
        assert.equal('rot' in (await found(runtime)), witnessed === batch);
      }
    }));

  it('asks no witness that is torn, damaged or of another store', () =>
    onDamaged(async (runtime, all) => {
      const image = all.at(-1);
      assert.ok(image !== undefined);
      await install(runtime, image);
      const whole = await found(runtime);
      const ahead = encodeWitness({ identity, batch: 1_000 });
      const damaged = Array.from({ length: 512 }, (_, byte) =>
        ahead.map((value, i) => (i === byte ? value ^ 4 : value)),
      );
      const others = [
        { ...identity, fsid: '1111111127a14b0c9d1e8f2a3c4d5e6f' },
        { ...identity, member: memberId(8) },
      ].map((other) => encodeWitness({ identity: other, batch: 1_000 }));
      for (const witness of [...damaged, ...others, new Uint8Array(0), ahead.subarray(0, 511), new Uint8Array(512)]) {
        await install(runtime, { ...image, witness });
        assert.deepEqual(await found(runtime), whole);
      }
    }));

  it('reports a vote file whose vote is older than that of the database, or that is gone', () =>
    onDamaged(async (runtime, all) => {
      const [first, ...rest] = all;
      assert.ok(first !== undefined);
      for (const [step, image] of rest.entries()) {
        await install(runtime, { keys: image.keys, vote: first.vote });
        // The first step after it voted for nobody.
        assert.equal('rot' in (await found(runtime)), step > 0);
        await install(runtime, image);
        await runtime.disk.removeFile(`${directory}/vote`);
        assert.ok('rot' in (await found(runtime)));
      }
    }));

  it('reports a vote file that contradicts the database', () =>
    onMachine(1, async (runtime) => {
      await createStore(runtime);
      const sides: Image[] = [];
      const beginning = await read(runtime);
      for (const vote of [8, 9]) {
        await install(runtime, beginning);
        const { store } = await openStore(runtime);
        await store.write([voteFor(2, vote)]);
        await store.close();
        sides.push(await read(runtime));
      }
      const [one, other] = sides;
      assert.ok(one !== undefined && other !== undefined);
      await install(runtime, { keys: one.keys, vote: other.vote });
      const result = await found(runtime);
      assert.ok('rot' in result && /two votes of term 2/.test(result.rot));
    }));
});
