/** Disks in the wrong slot, and stores of which a part is missing: refused with a reason, and with what to do. */
import assert from 'node:assert/strict';
import { copyFile, readdir, rename, rm, truncate } from 'node:fs/promises';
import type { Store } from '../../../../osd/store/store.js';
import { checkNumbered } from './check-numbered.js';
import { objectCount, objectOf, transactionOf } from './numbered.js';
import { RealStores } from './stores.js';

/** Objects are written twice over: segments with live bytes and without. */
const written = 2 * objectCount + 5;

describe('osd/store: a wrong or incomplete disk', function () {
  this.timeout(30_000);
  let stores: RealStores;

  /** Two stores with the same transactions; nothing is left to replay. */
  before(async () => {
    stores = await RealStores.make();
    for (const name of ['a', 'b']) {
      await stores.mkfs(name);
      const store = await stores.open(name);
      for (let number = 1; number <= written; number++) await store.apply(transactionOf(number));
      await store.close();
    }
  });

  after(() => stores.end());

  async function segmentPath(name: string, segment: number): Promise<string> {
    const files = await readdir(stores.path(`${name}/segments`));
    const file = files.sort()[segment];
    assert.ok(file !== undefined, 'there is such a segment');
    return stores.path(`${name}/segments/${file}`);
  }

  /** The segment that the log ends in, and one that holds live bytes but gets no more. */
  async function segmentsOf(name: string): Promise<{ readonly end: number; readonly closed: number }> {
    const store = await stores.open(name);
    const [closed] = store.cleanable();
    const end = store.logEnd().segment;
    await store.close();
    assert.ok(closed !== undefined);
    return { end, closed };
  }

  /** With `from` in place of `to`, which is put back. */
  async function withInstead(to: string, from: string | undefined, body: () => Promise<void>): Promise<void> {
    await rename(to, stores.path('aside'));
    try {
      if (from !== undefined) await copyFile(from, to);
      await body();
    } finally {
      await rm(to, { recursive: true, force: true });
      await rename(stores.path('aside'), to);
    }
    const store = await stores.open('a');
    assert.equal(await checkNumbered(store), written, 'with its own part back, the store is whole');
    await store.close();
  }

  /** Errors of reading every object. */
  async function readAll(store: Store): Promise<string[]> {
    const errors: string[] = [];
    for (let number = 0; number < objectCount; number++) {
      const object = objectOf(number);
      try {
        const { size = 0 } = (await store.objects.stat(object)) ?? {};
        await store.objects.read(object, 0, size);
        await store.objects.omapBody(object, 'k', 1);
      } catch (error) {
        errors.push(String(error));
      }
    }
    return errors;
  }

  it('is refused when its uuid is not the expected one', async () => {
    const store = await stores.open('a');
    const { uuid } = store;
    await store.close();
    const expectedUuid = uuid;
    await assert.rejects(stores.open('b', { expectedUuid }), {
      code: 'CONFLICT',
      message: new RegExp(`holds store .*, not ${uuid}: a disk is in the wrong place; check the mounts`),
    });
    const own = await stores.open('a', { expectedUuid });
    await own.close();
  });

  it('is refused when its superblock is of another store', async () => {
    await withInstead(stores.path('a/superblock'), stores.path('b/superblock'), async () => {
      await assert.rejects(stores.open('a'), {
        code: 'CONFLICT',
        message: /\.seg belongs to store .*check the mounts/,
      });
    });
  });

  it('is refused when the segment in which its log ends is of another store', async () => {
    const { end } = await segmentsOf('a');
    await withInstead(await segmentPath('a', end), await segmentPath('b', end), async () => {
      await assert.rejects(stores.open('a'), {
        code: 'CONFLICT',
        message: /\.seg belongs to store .*check the mounts/,
      });
    });
  });

  it('does not take payloads of another store for its own', async () => {
    const { closed } = await segmentsOf('a');
    await withInstead(await segmentPath('a', closed), await segmentPath('b', closed), async () => {
      const store = await stores.open('a');
      const errors = await readAll(store);
      assert.ok(errors.length > 0);
      for (const error of errors)
        assert.match(error, new RegExp(`segment ${closed} at \\d+ does not match its checksum`));
      await store.abandon();
    });
  });

  it('is refused without its superblock', async () => {
    await withInstead(stores.path('a/superblock'), undefined, async () => {
      await assert.rejects(stores.open('a'), { code: 'NOT_FOUND', message: /holds no OSD's store.*cairn osd mkfs/ });
    });
  });

  it('is refused without its index, and none is made', async () => {
    await withInstead(stores.path('a/index'), undefined, async () => {
      for (let attempt = 0; attempt < 2; attempt++) {
        const message = /the index .* is damaged: its directory is missing or empty; run cairn osd fsck --dir/;
        await assert.rejects(stores.open('a'), { code: 'CORRUPT', message });
      }
    });
  });

  it('is refused without the segment in which its log ends, or with that one cut short', async () => {
    const { end } = await segmentsOf('a');
    const path = await segmentPath('a', end);
    const refused = {
      code: 'LOG_CORRUPT',
      message: /the log of the store ends at batch \d+, but .*run cairn osd fsck/,
    };
    await withInstead(path, undefined, () => assert.rejects(stores.open('a'), refused));
    await withInstead(path, path.replace(/[^/]*$/, '../../aside'), async () => {
      await truncate(path, 50);
      await assert.rejects(stores.open('a'), refused);
    });
  });

  it('names what it cannot read of a segment that is missing or cut short, and serves the rest', async () => {
    const { closed } = await segmentsOf('a');
    const path = await segmentPath('a', closed);
    const cases = [
      { bytes: undefined, says: /IO_ERROR|cannot be read from the disk/ },
      { bytes: 8_192, says: /lies beyond the end of its file/ },
    ];
    for (const { bytes, says } of cases) {
      await withInstead(path, bytes === undefined ? undefined : stores.path('aside'), async () => {
        if (bytes !== undefined) await truncate(path, bytes);
        const store = await stores.open('a');
        const errors = await readAll(store);
        assert.ok(errors.length > 0 && errors.length < objectCount, `${errors.length} objects cannot be read`);
        for (const error of errors) {
          assert.match(error, says);
          assert.match(
            error,
            new RegExp(`object "object \\d+".*segment ${closed} at \\d+ .*another replica has to repair it`),
          );
        }
        await store.abandon();
      });
    }
  });
});
