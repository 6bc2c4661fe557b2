import assert from 'node:assert/strict';
import { logBlockBytesMax, logBlockEntriesMax } from '../../../../osd/store/limits.js';
import { poolId } from '../../../../cluster/ids.js';
import { decodeLogBlock, encodeLogBlock, type PackedEntry } from '../../../../osd/store/pg/log-block.js';
import { blankPgRecord, decodePgRecord, encodePgRecord, PgState } from '../../../../osd/store/pg/pg-state.js';

const pg = { pool: poolId(1), pg: 2 };
const small = new Uint8Array(10);

function entry(seq: number, bytes = small): PackedEntry {
  return { seq, term: 1 + Math.floor(seq / 1_000), bytes };
}

/** Entries 1 to `count`. */
function logOf(count: number): PgState {
  const state = new PgState(pg, blankPgRecord, []);
  for (let seq = 1; seq <= count; seq++) state.append(entry(seq));
  return state;
}

const block = logBlockEntriesMax;

describe('osd/store: what is kept of a PG', () => {
  it('fills blocks by count, and by bytes', () => {
    const state = new PgState(pg, blankPgRecord, []);
    for (let seq = 1; seq < block; seq++) assert.equal(state.append(entry(seq)), undefined);
    const full = Array.from({ length: block }, (_, i) => entry(1 + i));
    assert.deepEqual(state.append(entry(block)), { first: 1, bytes: encodeLogBlock(full) });
    assert.deepEqual(state.blocks, [{ first: 1, entries: block, bytes: block * 10 }]);
    assert.equal(state.append(entry(block + 5, new Uint8Array(logBlockBytesMax - 1))), undefined);
    const second = state.append(entry(block + 6));
    assert.deepEqual(second && [second.first, decodeLogBlock(second.bytes).length], [block + 5, 2]);
    assert.deepEqual([state.tail.length, state.logEntries, state.blocks[1]?.first], [0, block + 2, block + 5]);
    assert.throws(() => state.append(entry(block + 6)), /sequence numbers rise/);
  });

  const trims = [
    { name: 'nothing', to: 0, gone: [], trimmedTo: 0 },
    { name: 'all but the last entry of a block', to: block - 1, gone: [], trimmedTo: block - 1 },
    { name: 'a block', to: block, gone: [1], trimmedTo: block },
    { name: 'two blocks and some', to: 2 * block + 3, gone: [1, block + 1], trimmedTo: 2 * block + 3 },
    { name: 'more than there is', to: 1e6, gone: [1, block + 1], trimmedTo: 2 * block + 9 },
  ];
  for (const { name, to, gone, trimmedTo } of trims) {
    it(`trims ${name}`, () => {
      const state = logOf(2 * block + 9);
      assert.deepEqual(state.trim(to), gone);
      assert.deepEqual([state.trimmedTo, state.lastSeq], [trimmedTo, 2 * block + 9]);
      assert.deepEqual(state.trim(0), [], 'and never goes back');
      assert.equal(state.trimmedTo, trimmedTo);
    });
  }

  it('cuts the log behind an entry, within its blocks or its tail, and goes on from there', () => {
    const state = logOf(2 * block + 9);
    state.trim(block + 5);
    const tail = Array.from({ length: 3 }, (_, i) => entry(block + 1 + i));
    state.cut({ end: { seq: block + 3, term: 1 }, keptBlocks: 0, tail });
    assert.deepEqual([state.lastSeq, state.lastTerm, state.trimmedTo], [block + 3, 1, block + 3]);
    assert.deepEqual([state.logEntries, state.logBytes], [3, 30]);
    state.append(entry(block + 4));
    assert.deepEqual(
      state.tail.map(({ seq }) => seq - block),
      [1, 2, 3, 4],
    );
  });

  it('is the same after a checkpoint', () => {
    const state = logOf(2 * block + 9);
    state.trim(block);
    state.count(3, 1_000);
    const record = decodePgRecord(encodePgRecord(state.record));
    assert.deepEqual(record, state.record);
    const loaded = new PgState(pg, record, state.tail);
    assert.deepEqual([loaded.record, loaded.logBytes, loaded.tail], [state.record, state.logBytes, state.tail]);
    assert.deepEqual(loaded.trim(2 * block), [block + 1]);
  });

  it('keeps entries as they were given, whatever becomes of the buffer, and shows copies', () => {
    const state = new PgState(pg, blankPgRecord, []);
    const lent = Uint8Array.of(1, 2, 3);
    state.append(entry(1, lent));
    lent.fill(9);
    const shown = state.tail;
    state.append(entry(2, lent));
    assert.deepEqual(
      [shown, state.tail].map((entries) => entries.map(({ bytes }) => [...bytes])),
      [
        [[1, 2, 3]],
        [
          [1, 2, 3],
          [9, 9, 9],
        ],
      ],
    );
    assert.equal(state.tailFirst, 1);
  });

  it('refuses counts below zero', () => {
    const state = logOf(1);
    state.count(1, 10);
    assert.throws(() => state.count(-2, 0), /no more objects go than there were/);
  });
});
