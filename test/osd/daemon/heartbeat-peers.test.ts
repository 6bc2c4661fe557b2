/** Whom OSDs heartbeat, and by whom each is watched. */
import assert from 'node:assert/strict';
import { runSteps } from '../../../base/steps.js';
import { type OsdId, osdId, poolId, storeNumber } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import { Topology } from '../../../cluster/topology.js';
import { chooseHeartbeatPeers, partnersSteps } from '../../../osd/daemon/heartbeat-peers.js';
import { sampleMap } from '../../monitor/commands/sample-map.js';

function peersOf(map: ClusterMap, self: number, partners: readonly number[] = []): OsdId[] {
  const choice = {
    self: osdId(self),
    partners: new Set(partners.map((id) => osdId(id))),
    topology: new Topology(map.crush),
    domainLevel: 'host',
  };
  return chooseHeartbeatPeers(map, choice).map(({ id }) => id);
}

describe('osd daemon: whom it heartbeats', () => {
  const map = sampleMap({ osds: 60 });
  const topology = new Topology(map.crush);
  const hostOf = (id: OsdId): string => topology.domainOf(id, 'host', '');

  it('ten others without PGs, twenty at most with many, itself never', () => {
    assert.equal(peersOf(map, 0).length, 10);
    const everybody = Array.from({ length: 60 }, (_, id) => id);
    assert.equal(peersOf(map, 0, everybody).length, 20);
    assert.ok(!peersOf(map, 0, everybody).includes(osdId(0)));
    assert.deepEqual(peersOf(map, 0), peersOf(map, 0), 'the same for the same map');
  });

  it('those it shares PGs with, and others only to make up the number', () => {
    const partners = [5, 17, 23, 31];
    const chosen = peersOf(map, 0, partners);
    assert.ok(partners.every((id) => chosen.includes(osdId(id))));
    assert.equal(chosen.length, 10);
  });

  it('other failure domains, also where all its partners stand in one', () => {
    const own = hostOf(osdId(0));
    const together = [...map.osds.keys()].filter((id) => hostOf(id) === own && id !== 0);
    const domains = new Set(peersOf(map, 0, together).map(hostOf));
    domains.delete(own);
    assert.ok(domains.size >= 3, `${domains.size} domains`);
  });

  it('so that everybody is watched from three other failure domains', () => {
    const watchers = new Map<OsdId, Set<string>>();
    for (const self of map.osds.keys()) {
      for (const peer of peersOf(map, self)) {
        if (hostOf(self) === hostOf(peer)) continue;
        watchers.set(peer, (watchers.get(peer) ?? new Set()).add(hostOf(self)));
      }
    }
    for (const id of map.osds.keys()) assert.ok((watchers.get(id)?.size ?? 0) >= 3, `osd.${id}`);
  });

  it('nobody who is down', () => {
    const osds = new Map([...map.osds].map(([id, info]) => [id, id < 3 ? info : { ...info, isUp: false }]));
    assert.deepEqual(
      peersOf({ ...map, osds }, 0).sort((a, b) => a - b),
      [1, 2],
    );
  });

  it('partners are the other members of its PGs, eligible ones as well', () => {
    const pool = poolId(9);
    const blank = map.records.withPool(pool, 3);
    const first = blank.get({ pool, pg: 0 });
    assert.ok(first !== undefined);
    const member = (id: number) => ({ osd: osdId(id), store: storeNumber(id + 1) });
    const records = blank.with(pool, Uint32Array.of(0, 1), [
      { ...first, term: 1 as typeof first.term, acting: [member(4), member(0)], eligible: [member(6)] },
      { ...first, term: 1 as typeof first.term, acting: [member(7), member(8)], eligible: [] },
    ]);
    assert.deepEqual(
      [...runSteps(partnersSteps({ records }, osdId(0)))].sort((a, b) => a - b),
      [4, 6],
    );
  });
});
