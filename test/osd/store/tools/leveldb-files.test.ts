/** LevelDB verifies nothing when it reads: a flipped bit in any byte of its files is found without it. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCairnError } from '../../../../base/errors.js';
import { latin1Bytes, utf8Bytes, utf8Text } from '../../../../base/bytes.js';
import { checkLevelDirectory } from '../../../../osd/store/tools/leveldb/check-directory.js';
import { crc32c, maskCrc } from '../../../../osd/store/tools/leveldb/crc32c.js';
import { decodeSnappy } from '../../../../osd/store/tools/leveldb/snappy.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import { makeStore, onDisk } from './made-store.js';

const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

describe('osd/store/tools/leveldb: crc32c', () => {
  // RFC 3720, B.4, and the check value of the catalogue of CRCs.
  const cases = [
    { name: '32 zeros', bytes: new Uint8Array(32), crc: 0x8a9136aa },
    { name: '32 times 0xff', bytes: new Uint8Array(32).fill(0xff), crc: 0x62a8ab43 },
    { name: '0 to 31', bytes: Uint8Array.from({ length: 32 }, (_, i) => i), crc: 0x46dd794e },
    { name: '123456789', bytes: latin1Bytes('123456789'), crc: 0xe3069283 },
    { name: 'nothing', bytes: new Uint8Array(0), crc: 0 },
  ];
  for (const { name, bytes, crc } of cases) {
    it(`of ${name}, at once and in two pieces`, () => {
      assert.equal(crc32c(bytes), crc);
      for (let i = 0; i <= bytes.byteLength; i++) assert.equal(crc32c(bytes.subarray(0, i), bytes.subarray(i)), crc);
    });
  }

  it('is masked as LevelDB does', () => {
    assert.equal(maskCrc(0), 0xa282ead8);
    assert.equal(maskCrc(0xe3069283), (((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0);
  });
});

describe('osd/store/tools/leveldb: snappy', () => {
  it('decodes literals and copies of every kind', () => {
    const cases: [Uint8Array, string][] = [
      [bytesOf(0), ''],
      [bytesOf(3, 2 << 2, 97, 98, 99), 'abc'],
      // A copy that overlaps itself: 2 bytes back, 8 bytes.
      [bytesOf(10, 1 << 2, 97, 98, 1 | (4 << 2), 2), 'ababababab'],
      [bytesOf(5, 1 << 2, 97, 98, 2 | (2 << 2), 2, 0), 'ababa'],
      [bytesOf(5, 1 << 2, 97, 98, 3 | (2 << 2), 2, 0, 0, 0), 'ababa'],
      [bytesOf(61, 60 << 2, 60, ...utf8Bytes('x'.repeat(61))), 'x'.repeat(61)],
    ];
    for (const [bytes, text] of cases) assert.equal(utf8Text(decodeSnappy(bytes, 100)), text);
  });

  it('refuses what is malformed, and what would be too large, before it allocates', () => {
    const cases = [
      bytesOf(),
      bytesOf(3, 2 << 2, 97),
      bytesOf(3, 3 << 2, 97, 98, 99, 100),
      bytesOf(4, 2 << 2, 97, 98, 99),
      bytesOf(5, 1 << 2, 97, 98, 2 | (2 << 2), 3, 0),
      bytesOf(5, 1 << 2, 97, 98, 2 | (2 << 2), 0, 0),
      bytesOf(4, 1 << 2, 97, 98, 2 | (2 << 2), 2, 0),
      bytesOf(0xff, 0xff, 0xff, 0xff, 0x0f, 0),
      bytesOf(120, 0, 97),
    ];
    for (const bytes of cases)
      assert.throws(
        () => decodeSnappy(bytes, 2 ** 32),
        (error) => isCairnError(error, 'PARSE_ERROR'),
      );
  });
});

async function problems(runtime: Runtime, index: string): Promise<number> {
  return (await checkLevelDirectory(runtime.disk, index))?.problems.length ?? 0;
}

/** Whether the manifest of `index` names the table `name`. */
async function isNeeded(runtime: Runtime, index: string, name: string): Promise<boolean> {
  const path = join(index, name);
  const good = await readFile(path);
  await rm(path);
  const found = await problems(runtime, index);
  await writeFile(path, good);
  return found > 0;
}

async function flipped(path: string, position: number, bit: number, body: () => Promise<void>): Promise<void> {
  const good = await readFile(path);
  const bad = Buffer.from(good);
  bad[position] = (bad[position] ?? 0) ^ (1 << bit);
  await writeFile(path, bad);
  try {
    await body();
  } finally {
    await writeFile(path, good);
  }
}

describe('osd/store/tools/leveldb: files of a real index', () => {
  it('are sound as LevelDB wrote them; any flipped bit, missing end or missing file is found', async function () {
    this.timeout(120_000);
    await onDisk(async (runtime, directory) => {
      // A small write buffer, so that there are several tables, and some compressed.
      const { store } = await makeStore(runtime, directory, {
        seed: 8,
        operations: 500,
        checkpointEvery: 25,
        storeOptions: { kvWriteBufferBytes: 64 * 1024 },
      });
      await store.close();
      const index = join(directory, 'index');
      assert.equal(await problems(runtime, index), 0);
      const names = (await readdir(index)).filter((name) => /^(CURRENT|MANIFEST-\d+|\d+\.(ldb|log))$/.test(name));
      const kinds = new Set(names.map((name) => name.replace(/^.*\./, '').replace(/-\d+/, '')));
      assert.deepEqual(Array.from(kinds).sort(), ['CURRENT', 'MANIFEST', 'ldb', 'log']);
      const prng = new Prng('bits');
      let tables = 0;
      for (const name of names) {
        const path = join(index, name);
        // A close in the middle of a compaction leaves tables that no version names: the database does not need them.
        if (name.endsWith('.ldb')) {
          if (!(await isNeeded(runtime, index, name))) continue;
          tables += 1;
        }
        const { byteLength } = await readFile(path);
        // Of a table, its footer to the last byte.
        const positions = name.endsWith('.ldb') ? Array.from({ length: 48 }, (_, i) => byteLength - 1 - i) : [];
        const sampled = byteLength > 0 ? 40 : 0;
        for (let i = 0; i < sampled; i++) positions.push(prng.below(byteLength));
        for (const position of positions) {
          await flipped(path, position, prng.below(8), async () => {
            assert.notEqual(await problems(runtime, index), 0, `byte ${position} of ${name} (${byteLength})`);
          });
        }
        if (byteLength === 0) continue;
        const good = await readFile(path);
        await writeFile(path, good.subarray(0, byteLength - 1 - prng.below(Math.min(20, byteLength))));
        assert.notEqual(await problems(runtime, index), 0, `the end of ${name}`);
        // While a table is being written there are two logs, and the manifest vouches for neither of them alone: then only
        // the markers of the checkpoints in it are missed.
        const isNamed = !name.endsWith('.log') || names.filter((one) => one.endsWith('.log')).length === 1;
        await rm(path);
        if (isNamed) assert.notEqual(await problems(runtime, index), 0, `all of ${name}`);
        await writeFile(path, good);
      }
      assert.ok(tables > 0);
      assert.equal(await problems(runtime, index), 0);
    });
  });

  it('are checked by fsck before LevelDB is opened, which would hide what is wrong', async () => {
    await onDisk(async (runtime, directory) => {
      const { store } = await makeStore(runtime, directory, { seed: 9, operations: 100, checkpointEvery: 30 });
      await store.close();
      const names = await readdir(join(directory, 'index'));
      const log = names.find((name) => name.endsWith('.log')) ?? assert.fail();
      const path = join(directory, 'index', log);
      await flipped(path, 3_000, 2, async () => {
        const { findings } = await fsck(runtime, directory);
        assert.ok(
          findings.some(({ code, file }) => code === 'index-file' && file === path),
          JSON.stringify(findings),
        );
      });
    });
  });
});
