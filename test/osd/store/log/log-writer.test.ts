/** Where the log goes: only to places that a header names which is in the log already. */
import assert from 'node:assert/strict';
import { ByteWriter } from '../../../../base/byte-writer.js';
import type { BatchPlace } from '../../../../osd/store/format/batch-header.js';
import { writeOpen } from '../../../../osd/store/format/record.js';
import type { Superblock } from '../../../../osd/store/format/superblock.js';
import { readBatch } from '../../../../osd/store/log/batch-reader.js';
import { frameOverheadBytes } from '../../../../osd/store/log/open-batch.js';
import { LogWriter, type LogPosition } from '../../../../osd/store/log/log-writer.js';
import { SegmentFiles } from '../../../../osd/store/log/segment-files.js';
import { SegmentTable } from '../../../../osd/store/segments/segment-table.js';
import { payloadOf } from '../../../../osd/store/transaction.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { World } from '../../../../runtime/sim/world.js';

const segmentBytes = 2 ** 18;
const page = 4_096;
const storeSeed = 5n;

interface Made {
  readonly runtime: Runtime;
  readonly writer: LogWriter;
  readonly files: SegmentFiles;
  readonly table: SegmentTable;
  /** Segments that are ready, in the order in which they are taken. */
  readonly ready: number[];
  readonly began: number[];
}

/** A writer whose hot head is at `offset` of segment 0. */
async function withWriter(offset: number, ready: number[], body: (made: Made) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(async () => {
    const main = world.machine('a').start('osd', async (runtime) => {
      await runtime.disk.makeDirectory('/data/segments');
      const sizes = { capacityBytes: 9 * segmentBytes, segmentBytes, segments: 9 };
      const superblock: Superblock = {
        uuid: new Uint8Array(16),
        fsid: '',
        osd: 0,
        ...sizes,
        requiredFeatures: [],
        renewals: [],
      };
      const files = new SegmentFiles(runtime, '/data', superblock);
      for (let segment = 0; segment < 9; segment++) await files.prepare(segment, 0, 0, false);
      const table = new SegmentTable(9);
      table.begin(0, 'hot', 1);
      const hot = { segment: 0, generation: 1, offset };
      const heads = { hot, hotNext: undefined, cold: undefined, coldNext: undefined };
      const began: number[] = [];
      const writer = new LogWriter(
        runtime,
        {
          storeSeed,
          segmentBytes,
          position: { number: 7, checksum: 0n, heads },
          takeSegment: (): BatchPlace | undefined => {
            const segment = ready.shift();
            return segment === undefined ? undefined : { segment, generation: 1, offset: page };
          },
          onBegan: (segment) => began.push(segment),
          onSealed: () => undefined,
          onDurable: () => undefined,
          onFailed: (error) => assert.fail(error),
        },
        files,
        table,
      );
      await body({ runtime, writer, files, table, ready, began });
      await files.close();
    });
    await main.finished;
  });
}

/** A frame of exactly so many bytes would do as well; what counts is how much room is asked for. */
function add(writer: LogWriter, bytes: number, isCold = false): BatchPlace | undefined {
  const batch = writer.place(bytes, isCold);
  if (batch === undefined) return undefined;
  const record = new ByteWriter(32);
  writeOpen(record, 1, 1n);
  batch.add(record.bytes(), []);
  assert.ok(frameOverheadBytes + record.bytes().byteLength <= bytes);
  writer.sealOpen();
  return batch.place;
}

/** Follows the log as replay does, from batch 8 on: `number@segment:page`, with the number of its frames. */
async function follow({ files }: Made, from: LogPosition['heads']): Promise<string> {
  const found: string[] = [];
  let heads = from;
  for (let number = 8; ; number++) {
    let next: Awaited<ReturnType<typeof readBatch>>;
    for (const place of [heads.hot, heads.hotNext, heads.cold, heads.coldNext]) {
      if (place === undefined || next !== undefined) continue;
      const read = await files.read(place.segment, (file) => readBatch(file, place, { storeSeed, segmentBytes }));
      if (read?.header.number === number) next = read;
    }
    if (next === undefined) return found.join(' ');
    const { place, frames } = next.header;
    found.push(`${number}@${place.segment}:${place.offset / page}/${frames}`);
    heads = next.header.heads;
  }
}

function start(offset: number): LogPosition['heads'] {
  return { hot: { segment: 0, generation: 1, offset }, hotNext: undefined, cold: undefined, coldNext: undefined };
}

describe('osd/store: where the log goes', () => {
  it('goes on in the segment that its last header named, and tells of the one after it', async () => {
    const from = segmentBytes - 3 * page;
    await withWriter(from, [4, 5, 6], async (made) => {
      const { writer, began, table } = made;
      assert.equal(add(writer, 1_000)?.segment, 0);
      assert.deepEqual(writer.position.heads.hotNext?.segment, 4);
      assert.equal(add(writer, 100_000)?.segment, 4);
      assert.deepEqual([began, table.state(0), table.state(4)], [[4], 'closed', 'hot']);
      assert.equal(writer.position.heads.hotNext?.segment, 5);
      await writer.idle();
      assert.equal(await follow(made, start(from)), '8@0:61/1 9@4:1/1');
    });
  });

  it('names a segment by an empty batch, where none is named yet, in the page that is kept for that', async () => {
    // The last page but one: a frame would take the last.
    const from = segmentBytes - 2 * page;
    await withWriter(from, [], async (made) => {
      const { writer, ready } = made;
      assert.equal(add(writer, 1_000)?.segment, 0);
      assert.equal(writer.position.heads.hotNext, undefined);
      assert.equal(add(writer, 1_000), undefined, 'the last page is no place for a frame');
      ready.push(4);
      assert.equal(add(writer, 1_000)?.segment, 4);
      await writer.idle();
      assert.equal(await follow(made, start(from)), '8@0:62/1 9@0:63/0 10@4:1/1');
    });
  });

  it('writes a batch within the turn once it is half of the one before, and a small one in the next', async () => {
    await withWriter(page, [4], async ({ writer }) => {
      const addPayload = (bytes: number): void => {
        const payloads = [{ payload: payloadOf(new Uint8Array(bytes)), blockShift: 16, owner: 0n }];
        writer.place(bytes + 100)?.add(Uint8Array.of(0), payloads);
        writer.kick();
      };
      const sealed = (): number => writer.position.number - 7;
      addPayload(1_000);
      addPayload(20_000);
      assert.equal(sealed(), 0, 'more may come in this turn');
      addPayload(20_000);
      assert.equal(sealed(), 1, 'enough to be worth a write');
      addPayload(60_000);
      addPayload(60_000);
      assert.equal(sealed(), 1, 'one is being written');
      await writer.idle();
      assert.equal(sealed(), 2);
      addPayload(50_000);
      assert.equal(sealed(), 2, 'less than half of the 120,000 before');
      addPayload(50_000);
      assert.equal(sealed(), 3);
      await writer.idle();
    });
  });

  it('names the cold segment before anything cold is written', async () => {
    const from = 10 * page;
    await withWriter(from, [4, 5], async (made) => {
      const { writer, table } = made;
      assert.equal(add(writer, 1_000, true)?.segment, 4);
      assert.equal(table.state(4), 'cold');
      assert.equal(add(writer, 1_000)?.segment, 0);
      assert.equal(add(writer, 1_000, true)?.offset, 2 * page);
      await writer.idle();
      assert.equal(await follow(made, start(from)), '8@0:10/0 9@4:1/1 10@0:11/1 11@4:2/1');
    });
  });

  it('says where the heads are now, also where no batch has said so yet', async () => {
    const from = segmentBytes - 3 * page;
    await withWriter(from, [4, 5], async ({ writer, table }) => {
      add(writer, 1_000);
      const batch = writer.place(100_000);
      assert.equal(batch?.place.segment, 4);
      // Segment 0 was left: a checkpoint that still had it as a head would find another life there later.
      assert.deepEqual([writer.position.number, writer.position.heads.hot?.segment], [8, 4]);
      assert.equal(table.state(0), 'closed');
      await writer.idle();
    });
  });
});
