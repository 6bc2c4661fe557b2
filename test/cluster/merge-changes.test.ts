import assert from 'node:assert/strict';
import type { MapChange } from '../../cluster/change.js';
import { osdId, poolId, storeNumber } from '../../cluster/ids.js';
import { mergeChanges } from '../../cluster/merge-changes.js';
import { entity, members, monitor, osd, pool, record, recordsChange } from './samples.js';

const flag = (isSet: boolean): MapChange => ({ kind: 'flag', flag: 'noout', isSet });
const config = (value: string | undefined): MapChange => ({ kind: 'config', key: 'osd/log_level', value });
const upmap = (to: number): MapChange => ({
  kind: 'upmap',
  pg: { pool: poolId(1), pg: 0 },
  items: [{ from: osdId(0), to: osdId(to) }],
});
const up: MapChange = { kind: 'osd', osd: osd(1) };
const down: MapChange = { kind: 'osd', osd: osd(1, { isUp: false }) };
const newStore: MapChange = { kind: 'osd', osd: osd(1, { store: storeNumber(9) }) };
const osdRemoved: MapChange = { kind: 'osd-removed', id: osdId(1) };
const pool1: MapChange = { kind: 'pool', pool: pool(1) };
const pool1Removed: MapChange = { kind: 'pool-removed', id: poolId(1) };
const x: MapChange = { kind: 'entity', entity: entity('client.x') };
const y: MapChange = { kind: 'entity', entity: entity('client.y') };

describe('mergeChanges', () => {
  const cases: readonly { name: string; changes: readonly MapChange[]; merged: readonly MapChange[] }[] = [
    { name: 'leaves nothing as it is', changes: [], merged: [] },
    { name: 'leaves different things alone', changes: [x, y, up], merged: [x, y, up] },
    { name: 'keeps the last of a flag', changes: [flag(true), flag(false), flag(true)], merged: [flag(true)] },
    { name: 'keeps that a value was unset', changes: [config('a'), config(undefined)], merged: [config(undefined)] },
    { name: 'keeps the last state of an OSD', changes: [up, x, down], merged: [down, x] },
    { name: 'keeps the last upmap of a PG', changes: [upmap(1), upmap(2)], merged: [upmap(2)] },
    {
      name: 'keeps a removal between two',
      changes: [down, osdRemoved, down, newStore],
      merged: [down, osdRemoved, newStore],
    },
    {
      name: 'makes one change of the records of a pool, by PG, the last of each',
      changes: [
        recordsChange(1, [
          [1, record(1, members(1))],
          [5, record(1, members(1))],
        ]),
        up,
        recordsChange(1, [
          [0, record(2, members(2))],
          [5, record(2, members(2))],
        ]),
      ],
      merged: [
        up,
        recordsChange(1, [
          [0, record(2, members(2))],
          [1, record(1, members(1))],
          [5, record(2, members(2))],
        ]),
      ],
    },
    {
      name: 'drops records and upmaps of a pool that is removed',
      changes: [pool1, recordsChange(1, [[0, record(1, members(1))]]), upmap(2), pool1Removed],
      merged: [pool1, pool1Removed],
    },
    {
      name: 'remembers the numbers that were used up by what is left out',
      changes: [
        { kind: 'monitor', monitor: monitor('a', 9) },
        { kind: 'monitor', monitor: monitor('a', 4) },
        { kind: 'numbers', storeLast: 3, poolLast: 0, memberLast: 0 },
      ],
      merged: [
        { kind: 'monitor', monitor: monitor('a', 4) },
        { kind: 'numbers', storeLast: 3, poolLast: 0, memberLast: 9 },
      ],
    },
  ];
  for (const { name, changes, merged } of cases) {
    it(name, () => assert.deepEqual(mergeChanges(changes), merged));
  }
});
