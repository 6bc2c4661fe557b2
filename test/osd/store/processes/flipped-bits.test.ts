/**
 * A bit flipped anywhere in the segments of a real store is found: by opening the store, by a read that names where, or it
 * is in bytes that carry nothing. Never are wrong bytes returned, nor is anything missing without a word.
 *
 *     FLIPS=2000 npx mocha dist/test/osd/store/processes/flipped-bits.test.js
 */
import assert from 'node:assert/strict';
import { cp, open, readdir, stat } from 'node:fs/promises';
import { concatBytes } from '../../../../base/bytes.js';
import { isCairnError } from '../../../../base/errors.js';
import type { Store } from '../../../../osd/store/store.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import { countIn, dataOf, objectCount, objectOf, pg, transactionOf } from './numbered.js';
import { RealStores } from './stores.js';

const flips = Number(process.env['FLIPS'] ?? 200);
/** In the last checkpoint, and behind it. */
const covered = 45;
const written = 60;
/** Nothing is written by itself: what an opening changes is its own batch. */
const quiet = { layerMsMax: 2 ** 31 - 1, layerBytesMax: 2 ** 30, kvCacheBytes: 2 ** 20, kvWriteBufferBytes: 2 ** 20 };

/** Copies that are looked at beside each other: most of the time is the disk's. */
const atOnce = 8;

interface Place {
  readonly file: string;
  readonly bytes: number;
}

/** Any byte of all of them, each as likely as any other. */
function pickByte(prng: Prng, places: readonly Place[]): { readonly file: string; readonly position: number } {
  let position = prng.below(places.reduce((sum, { bytes }) => sum + bytes, 0));
  for (const { file, bytes } of places) {
    if (position < bytes) return { file, position };
    position -= bytes;
  }
  throw new Error('there are no segments');
}

type Outcome = 'refused' | 'read' | 'unused';

describe('osd/store: a flipped bit', function () {
  this.timeout(30_000 + flips * 500);
  let stores: RealStores;

  before(async () => {
    stores = await RealStores.make();
    await stores.mkfs('a');
    const store = await stores.open('a', { ...quiet, prewrite: false });
    for (let number = 1; number <= written; number++) {
      await store.apply(transactionOf(number));
      if (number === covered) await store.checkpoint();
    }
    await store.abandon();
  });

  after(() => stores.end());

  async function flip(path: string, position: number, bit: number): Promise<void> {
    const file = await open(path, 'r+');
    try {
      const byte = new Uint8Array(1);
      await file.read(byte, 0, 1, position);
      await file.write(new Uint8Array([(byte[0] ?? 0) ^ (1 << bit)]), 0, 1, position);
    } finally {
      await file.close();
    }
  }

  /** Reads everything; what cannot be read names object, offset and `segment`. */
  async function readAll(store: Store, segment: number): Promise<Outcome> {
    assert.equal(await countIn(store), written, 'nothing acknowledged is missing');
    assert.equal(store.counts(pg).objects, objectCount);
    const damaged = new RegExp(`^pool 1 object "object \\d+".*segment ${segment} at \\d+ does not match its checksum`);
    let outcome: Outcome = 'unused';
    for (let number = written - objectCount + 1; number <= written; number++) {
      const object = objectOf(number);
      const expected = dataOf(number);
      const reads = [
        async () => concatBytes(await store.objects.read(object, 0, expected.byteLength)),
        async () => (await store.objects.omapBody(object, 'k', 1)) ?? new Uint8Array(0),
      ];
      for (const read of reads) {
        try {
          assert.equal(Buffer.compare(await read(), expected), 0, `what transaction ${number} wrote`);
        } catch (error) {
          if (!isCairnError(error, 'CORRUPT')) throw error;
          assert.match(error.message, damaged);
          assert.equal(error.details['segment'], segment);
          outcome = 'read';
        }
      }
    }
    return outcome;
  }

  /** Whoever may lose what is in the hole, and may not lose anything else, has a store to work with. */
  async function goPast(copy: string): Promise<void> {
    const store = await stores.open(copy, { ...quiet, pastRot: { unfinishedKeys: [] } });
    try {
      const count = await countIn(store);
      assert.ok(count >= covered && count <= written, `a hole behind ${covered} of ${written} leaves ${count}`);
      assert.equal(store.logBounds(pg).lastSeq, count);
      assert.equal(store.superblock.renewals.length, 1);
      for (let number = count - objectCount + 1; number <= count; number++) {
        const bytes = concatBytes(await store.objects.read(objectOf(number), 0, dataOf(number).byteLength));
        assert.equal(Buffer.compare(bytes, dataOf(number)), 0, `what transaction ${number} wrote`);
      }
      await store.apply(transactionOf(count + 1));
    } finally {
      await store.abandon();
    }
    const again = await stores.open(copy, quiet);
    assert.equal(await countIn(again), again.logBounds(pg).lastSeq);
    assert.equal(again.superblock.renewals.length, 1);
    await again.abandon();
  }

  async function outcomeOf(copy: string, segment: number): Promise<Outcome> {
    let store: Store;
    try {
      store = await stores.open(copy, quiet);
    } catch (error) {
      if (!isCairnError(error, 'LOG_CORRUPT')) throw error;
      assert.match(error.message, /run cairn osd fsck/);
      await goPast(copy);
      return 'refused';
    }
    try {
      return await readAll(store, segment);
    } finally {
      await store.abandon();
    }
  }

  it('is found, or is in bytes that carry nothing, wherever it is', async () => {
    const prng = new Prng(`flips ${process.env['SEED'] ?? '1'}`);
    // Where the log ends: the last batch looks like a torn end, and peers bring it back.
    const last = await lastBatch();
    const places: Place[] = [];
    for (const file of (await readdir(stores.path('a/segments'))).sort()) {
      const { size } = await stat(stores.path(`a/segments/${file}`));
      places.push({ file, bytes: Number.parseInt(file, 16) === last.segment ? last.offset : size });
    }
    const sums = { refused: 0, read: 0, unused: 0 };
    let left = flips;
    const flipSome = async (copy: string): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const { file, position } = pickByte(prng, places);
        const segment = Number.parseInt(file, 16);
        await cp(stores.path('a'), stores.path(copy), { recursive: true, force: true });
        await flip(stores.path(`${copy}/segments/${file}`), position, prng.below(8));
        try {
          sums[await outcomeOf(copy, segment)] += 1;
        } catch (error) {
          throw new Error(`bit flipped in ${file} at ${position}`, { cause: error });
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, (_, i) => flipSome(`copy${i}`)));
    assert.ok(sums.refused > flips / 20 && sums.read > flips / 20 && sums.unused < flips * 0.9, JSON.stringify(sums));
    if (process.env['FLIPS'] !== undefined) process.stdout.write(`${JSON.stringify(sums)}\n`);
  });

  /** Where the last batch of `a` begins. */
  async function lastBatch(): Promise<{ readonly segment: number; readonly offset: number }> {
    await cp(stores.path('a'), stores.path('probe'), { recursive: true });
    const store = await stores.open('probe', quiet);
    const { segment, offset } = store.logEnd();
    await store.abandon();
    // Behind it stands the batch of this opening, of one page; the last one has as many as its transaction takes.
    const bytes = 2 * dataOf(written).byteLength + 2_000;
    return { segment, offset: offset - 4_096 - Math.ceil(bytes / 4_096) * 4_096 };
  }
});
