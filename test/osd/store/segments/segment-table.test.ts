import assert from 'node:assert/strict';
import { SegmentTable, decodeSegmentInfo, encodeSegmentInfo } from '../../../../osd/store/segments/segment-table.js';

/** Segment 1 in its life 7, closed with batches 10 to 20; of 500 live bytes the last died in batch `diedAt`. */
function closed(diedAt: number, live = 0): SegmentTable {
  const table = new SegmentTable(3);
  table.begin(1, 'hot', 7);
  table.addLive(1, 500, 10);
  table.wrote(1, 20, 8_192);
  table.close(1, 20);
  table.addLive(1, live - 500, diedAt);
  return table;
}

const recycling = [
  { name: 'covered all', diedAt: 25, live: 0, covered: 25, is: true },
  { name: 'not the batch that killed its last byte', diedAt: 25, live: 0, covered: 24, is: false },
  { name: 'not its last batch', diedAt: 15, live: 0, covered: 19, is: false },
  { name: 'its last batch just now', diedAt: 15, live: 0, covered: 20, is: true },
  { name: 'all, but a byte is live', diedAt: 25, live: 1, covered: 99, is: false },
];

describe('osd/store: the table of segments', () => {
  for (const { name, diedAt, live, covered, is } of recycling) {
    it(`${is ? 'recycles' : 'keeps'} a segment when the checkpoint covers ${name}`, () => {
      const table = closed(diedAt, live);
      assert.equal(table.isRecyclable(1, covered), is);
      assert.equal(table.hasEmptied(covered), live === 0 && !is);
    });
  }

  it('never recycles a segment that the log is in', () => {
    const table = new SegmentTable(1);
    table.begin(0, 'cold', 1);
    assert.equal(table.isRecyclable(0, 100), false);
  });

  it('refuses a life on live bytes, a generation twice, deaths of what never lived, and segments it has not', () => {
    const table = closed(25, 1);
    assert.throws(() => table.begin(1, 'hot', 8), /holds nothing live/);
    assert.throws(() => table.addLive(1, -2, 30), /no more bytes die than were live/);
    table.addLive(1, -1, 30);
    assert.throws(() => table.begin(1, 'hot', 7), /no two lives/);
    assert.throws(() => table.state(3), /one of the store/);
    assert.equal(table.liveBytes, 0);
  });

  it('finds a free segment that has its file before one that has none', () => {
    const table = closed(25);
    assert.equal(table.firstFree(25, new Set()), 1);
    assert.equal(table.firstFree(24, new Set()), 0);
    assert.equal(table.firstFree(25, new Set([1])), 0);
    assert.equal(table.firstFree(24, new Set([0, 2])), undefined);
  });

  it('gives what changed to one checkpoint, and knows what it was before', () => {
    const table = closed(25, 100);
    assert.deepEqual(Array.from(table.takeDirty().keys()), [1]);
    assert.equal(table.isDirty, false);
    const before = table.info(1);
    table.addLive(1, -40, 30);
    table.addLive(1, -40, 31);
    assert.deepEqual(table.asOfFreeze(1), before);
    const dirty = table.takeDirty().get(1);
    assert.deepEqual([dirty?.liveBytes, dirty?.diedAt], [20, 31]);
    const copy = new SegmentTable(3);
    copy.load(1, decodeSegmentInfo(encodeSegmentInfo(table.info(1))));
    assert.deepEqual([copy.info(1), copy.liveBytes], [table.info(1), 20]);
  });
});
