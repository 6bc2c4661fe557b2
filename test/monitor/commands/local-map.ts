/** Cluster maps for tests of commands: an empty one to start from, and what a list of changes makes of one. */
import { wallMs } from '../../../base/instants.js';
import { applyIncremental } from '../../../cluster/apply-incremental.js';
import type { MapChange } from '../../../cluster/change.js';
import { createMap } from '../../../cluster/create-map.js';
import { epoch } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';

/** Epoch 1, with one monitor and with `client.admin`, who may do everything; no OSD and no pool. */
export function emptyClusterMap(): ClusterMap {
  const everything = new Map([
    ['mon', 'allow *'],
    ['osd', 'allow *'],
  ]);
  return createMap({
    fsid: '0123456789abcdef0123456789abcdef',
    createdAt: wallMs(1_000),
    monitors: [{ name: 'a', member: 1, address: { host: '10.0.0.1', port: 3300 }, role: 'voter' }],
    entities: [{ name: 'client.admin', caps: everything }],
  });
}

/** The next epoch; without a change the map as it was. */
export function applyLocally(map: ClusterMap, changes: readonly MapChange[], now: number): ClusterMap {
  if (changes.length === 0) return map;
  return applyIncremental(map, { epoch: epoch(map.epoch + 1), fsid: map.fsid, changedAt: wallMs(now), changes });
}
