/** Where a request goes by a map, and when a newer map makes it go elsewhere. */
import assert from 'node:assert/strict';
import { poolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { isCurrent, type Route, routeBy } from '../../client/route.js';
import { members, next, osd, record, recordsChange, smallMap } from '../cluster/samples.js';

const to = (pg: number) => ({ pool: poolId(1), pgOf: () => pg });

function routeOf(map: ClusterMap, pg: number): Route {
  const routing = routeBy(map, to(pg));
  assert.ok(routing.kind === 'route', JSON.stringify(routing));
  return routing.route;
}

describe('a route', () => {
  const map = smallMap();

  it('leads to the primary of the record, at its public address, in its term', () => {
    const { osd: id, term, address, boot, epoch } = routeOf(map, 2);
    assert.deepEqual(
      { id, term, address, boot, epoch },
      {
        id: 2,
        term: 3,
        address: { host: '10.0.1.2', port: 6800 },
        boot: 1,
        epoch: map.epoch,
      },
    );
  });

  it('waits where nobody leads, where the primary is down, or while all I/O is paused', () => {
    assert.equal(routeBy(map, to(7)).kind, 'wait');
    assert.equal(routeBy(next(map, { kind: 'osd', osd: osd(2, { isUp: false }) }), to(2)).kind, 'wait');
    assert.equal(routeBy(next(map, { kind: 'flag', flag: 'pause', isSet: true }), to(2)).kind, 'wait');
  });

  it('ends with its pool', () => {
    assert.equal(routeBy(next(map, { kind: 'pool-removed', id: poolId(1) }), to(2)).kind, 'gone');
  });

  const changes = [
    { name: 'another PG', map: next(map, recordsChange(1, [[3, record(9, members(0, 1))]])), isCurrent: true },
    { name: 'the pause of all I/O', map: next(map, { kind: 'flag', flag: 'pause', isSet: true }), isCurrent: true },
    { name: 'another OSD', map: next(map, { kind: 'osd', osd: osd(1, { boot: 2 }) }), isCurrent: true },
    { name: 'its term', map: next(map, recordsChange(1, [[2, record(9, members(2, 3))]])), isCurrent: false },
    { name: 'its primary', map: next(map, recordsChange(1, [[2, record(9, members(3, 2))]])), isCurrent: false },
    { name: 'the boot of its primary', map: next(map, { kind: 'osd', osd: osd(2, { boot: 2 }) }), isCurrent: false },
    {
      name: 'the address of its primary',
      map: next(map, { kind: 'osd', osd: osd(2, { publicAddress: { host: '10.0.1.2', port: 1 } }) }),
      isCurrent: false,
    },
    {
      name: 'that its primary is down',
      map: next(map, { kind: 'osd', osd: osd(2, { isUp: false }) }),
      isCurrent: false,
    },
  ];
  for (const change of changes) {
    it(`${change.isCurrent ? 'outlives' : 'ends with'} a change of ${change.name}`, () => {
      assert.equal(isCurrent(change.map, to(2), routeOf(map, 2)), change.isCurrent);
    });
  }
});
