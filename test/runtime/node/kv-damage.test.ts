import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isCairnError } from '../../../base/errors.js';
import type { Kv } from '../../../runtime/kv.js';
import { claim, patternBytes, withCode, type Harness } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';

const entryCount = 60;
const valueBytes = 200;

/** Every how many bytes of a value, and of the whole table file, a bit is flipped. */
const valueStep = 13;
const fileStep = 83;

describe('a damaged key-value store', () => {
  claim(
    'a bit that flipped in a value is CORRUPT with its key, and spoils no other',
    openNodeHarness,
    async (harness) => {
      const table = await makeTable(harness);
      for (let index = 0; index < entryCount; index += 7) {
        // Values that do not compress are in the file as they are, their checksum behind them.
        const start = table.bytes.indexOf(valueOf(index));
        assert.ok(start > 0, 'the value is in the table');
        for (let offset = 0; offset < valueBytes + 8; offset += valueStep) {
          flip(table, start + offset, offset % 8);
          const kv = await openTable(harness);
          await assert.rejects(kv.get(keyOf(index)), withCode('CORRUPT', keyOf(index)));
          assert.throws(() => kv.getSync(keyOf(index)), withCode('CORRUPT', keyOf(index)));
          await assert.rejects(kv.getMany([keyOf(0), keyOf(index)]), withCode('CORRUPT', keyOf(index)));
          await assert.rejects(walk(kv), withCode('CORRUPT', keyOf(index)));
          assert.deepEqual(await walkedAround(kv), [keyOf(index)]);
          const other = await kv.get(keyOf(index + 1));
          assert.ok(other !== undefined && valueOf(index + 1).equals(other));
          await kv.close();
        }
      }
    },
  );

  claim('wherever a bit flipped, no wrong value is ever returned', openNodeHarness, async (harness) => {
    const table = await makeTable(harness);
    let reported = 0;
    for (let offset = 0; offset < table.bytes.byteLength; offset += fileStep) {
      flip(table, offset, offset % 8);
      try {
        const kv = await openTable(harness);
        reported += await countReported(kv);
        await kv.close();
      } catch (error) {
        assert.ok(isCairnError(error, 'CORRUPT'), String(error));
      }
    }
    assert.ok(reported > 100, 'most of a table is values');
  });

  claim(
    'a store whose files are damaged or gone does not open, and says what to do',
    openNodeHarness,
    async (harness) => {
      await makeTable(harness);
      const directory = `${harness.directory}/store`;
      for (const name of readdirSync(directory)) if (name.startsWith('MANIFEST')) rmSync(`${directory}/${name}`);
      await assert.rejects(openTable(harness), withCode('CORRUPT', 'remove it'));
      writeFileSync(`${directory}/CURRENT`, 'nonsense');
      await assert.rejects(openTable(harness), withCode('CORRUPT', directory));
    },
  );
});

interface Table {
  readonly path: string;
  readonly bytes: Buffer;
}

async function makeTable(harness: Harness): Promise<Table> {
  const kv = await openTable(harness);
  const operations = Array.from({ length: entryCount }, (_, index) => {
    return { type: 'put', key: keyOf(index), value: valueOf(index) } as const;
  });
  await kv.batch(operations, { sync: true });
  await kv.compact({ gte: '\0', lt: '\xff' });
  await kv.close();
  const directory = `${harness.directory}/store`;
  const name = readdirSync(directory).find((file) => file.endsWith('.ldb'));
  assert.ok(name !== undefined, 'compaction made a table');
  return { path: `${directory}/${name}`, bytes: readFileSync(`${directory}/${name}`) };
}

function openTable(harness: Harness): Promise<Kv> {
  return harness.runtime.kv.open(`${harness.directory}/store`);
}

function flip(table: Table, offset: number, bit: number): void {
  const damaged = Buffer.from(table.bytes);
  damaged.writeUInt8(damaged.readUInt8(offset) ^ (1 << bit), offset);
  writeFileSync(table.path, damaged);
}

/**
 * Reads everything in both ways and counts what is reported as damaged. A flip in a key or in the table's own structure
 * can make LevelDB miss entries: it checks no block, and what it does not hand out nobody can verify (runtime/README.md).
 */
async function countReported(kv: Kv): Promise<number> {
  let reported = 0;
  for (let index = 0; index < entryCount; index += 1) {
    try {
      const value = await kv.get(keyOf(index));
      assert.ok(value === undefined || valueOf(index).equals(value), `a wrong value of ${keyOf(index)}`);
    } catch (error) {
      assert.ok(isCairnError(error, 'CORRUPT'), String(error));
      reported += 1;
    }
  }
  await walk(kv).catch((error: unknown) => {
    assert.ok(isCairnError(error, 'CORRUPT'), String(error));
  });
  return reported;
}

async function walk(kv: Kv): Promise<void> {
  const iterator = kv.iterate({});
  try {
    for (let page = await iterator.next(7); page.length > 0; page = await iterator.next(7)) {
      for (const { key, value } of page) {
        assert.ok(valueOf(Number(key.slice(-4))).equals(value), `a wrong value of ${key}`);
      }
    }
  } finally {
    await iterator.close();
  }
}

/** Keys of the values that a walk goes around; it sees all others. */
async function walkedAround(kv: Kv): Promise<string[]> {
  const damaged: string[] = [];
  let seen = 0;
  // One at a time: then a page holds nothing but the damaged one.
  const iterator = kv.iterate({ onDamaged: (key) => damaged.push(key) });
  try {
    for (let page = await iterator.next(1); page.length > 0; page = await iterator.next(1)) seen += page.length;
  } finally {
    await iterator.close();
  }
  assert.equal(seen, entryCount - damaged.length);
  return damaged;
}

function keyOf(index: number): string {
  return `object/${String(index).padStart(4, '0')}`;
}

function valueOf(index: number): Buffer {
  return Buffer.from(patternBytes(valueBytes, index));
}
