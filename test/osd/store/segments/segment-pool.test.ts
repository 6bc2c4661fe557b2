import assert from 'node:assert/strict';
import type { Superblock } from '../../../../osd/store/format/superblock.js';
import { SegmentFiles } from '../../../../osd/store/log/segment-files.js';
import { SegmentPool } from '../../../../osd/store/segments/segment-pool.js';
import { SegmentTable } from '../../../../osd/store/segments/segment-table.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { World } from '../../../../runtime/sim/world.js';

const segmentBytes = 2 ** 18;

interface Made {
  readonly runtime: Runtime;
  readonly table: SegmentTable;
  readonly files: SegmentFiles;
  readonly pool: SegmentPool;
  /** What the test may change; how often the pool found no room. */
  readonly around: { covered: number; hasRoom: boolean; lacked: number };
}

async function withPool(
  count: number,
  reserved: readonly number[],
  body: (made: Made) => Promise<void>,
): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(async () => {
    const main = world.machine('a').start('osd', async (runtime) => {
      await runtime.disk.makeDirectory('/data/segments');
      const uuid = new Uint8Array(16).fill(7);
      const sizes = { capacityBytes: count * segmentBytes, segmentBytes, segments: count };
      const superblock: Superblock = { uuid, fsid: '', osd: 0, ...sizes, requiredFeatures: [], renewals: [] };
      const table = new SegmentTable(count);
      const files = new SegmentFiles(runtime, '/data', superblock);
      const around = { covered: 0, hasRoom: true, lacked: 0 };
      const options = {
        reserved,
        coveredBatch: () => around.covered,
        durableBatch: () => 5,
        prewrite: () => true,
        hasRoom: () => Promise.resolve(around.hasRoom),
        onReady: () => undefined,
        onLacksRoom: () => (around.lacked += 1),
        onFailed: (error: Error) => assert.fail(error),
      };
      const pool = new SegmentPool(runtime, options, table, files);
      await body({ runtime, table, files, pool, around });
      await pool.close();
      await files.close();
    });
    await main.finished;
  });
}

/** Begins a life, ends it, and kills all of it with batch 20. */
function useUp(table: SegmentTable, segment: number, generation: number): void {
  table.begin(segment, 'hot', generation);
  table.wrote(segment, 10, 8_192);
  table.addLive(segment, 1, 10);
  table.close(segment, 11);
  table.addLive(segment, -1, 20);
}

describe('osd/store: segments that are ready', () => {
  it('keeps three ready, with durable headers, none of which the log names already', async () => {
    await withPool(6, [0, 2], async ({ runtime, files, pool }) => {
      pool.prepare();
      await runtime.clock.sleep(100);
      const taken = [pool.take(), pool.take(), pool.take(), pool.take()].map((place) => place?.segment);
      assert.deepEqual(taken, [1, 3, 4, undefined]);
      const header = await files.readHeader(3);
      assert.deepEqual([header?.generation, header?.preparedAfter], [1, 5]);
      await runtime.clock.sleep(100);
      assert.deepEqual([pool.take()?.segment, pool.take()], [5, undefined]);
    });
  });

  it('recycles before it makes new ones, once a checkpoint covers it and nobody reads, with a higher generation', async () => {
    await withPool(6, [], async ({ runtime, table, files, pool, around }) => {
      useUp(table, 4, 3);
      useUp(table, 5, 3);
      assert.equal(pool.freeCount(), 4);
      assert.equal(pool.willFree(), true);
      around.covered = 20;
      files.pin(4);
      assert.equal(pool.freeCount(), 6);
      pool.prepare();
      await runtime.clock.sleep(100);
      const first = pool.take();
      assert.deepEqual([first?.segment, first?.generation], [5, 4]);
      files.unpin(4);
      const rest: (number | undefined)[] = [];
      for (let i = 0; i < 5; i++) {
        rest.push(pool.take()?.segment);
        await runtime.clock.sleep(100);
      }
      assert.deepEqual(rest, [0, 1, 2, 4, 3]);
    });
  });

  it('counts what has no file as none while there is no room, until there is some', async () => {
    await withPool(6, [], async ({ runtime, table, pool, around }) => {
      useUp(table, 3, 1);
      around.covered = 20;
      around.hasRoom = false;
      pool.prepare();
      await runtime.clock.sleep(100);
      assert.deepEqual([pool.take()?.segment, pool.lacksRoom, around.lacked], [3, true, 1]);
      pool.prepare();
      await runtime.clock.sleep(100);
      assert.deepEqual([pool.take(), pool.freeCount(), around.lacked], [undefined, 0, 1]);
      await pool.lookForRoom();
      assert.equal(pool.lacksRoom, true);
      around.hasRoom = true;
      await pool.lookForRoom();
      assert.deepEqual([pool.lacksRoom, pool.freeCount() > 3], [false, true]);
      await runtime.clock.sleep(100);
      assert.equal(pool.take()?.segment, 0);
    });
  });
});
