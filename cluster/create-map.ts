import type { WallMs } from '../base/instants.js';
import type { CrushMap } from '../crush/types.js';
import { applyChanges } from './apply-incremental.js';
import type { MapChange } from './change.js';
import { hex32, valid } from './check/facts.js';
import { defaultCrush } from './default-crush.js';
import { epoch } from './ids.js';
import type { ClusterMap, Entity, MonitorInfo } from './map.js';
import { emptyPgRecords } from './packed-pg-records.js';

export interface NewMap {
  /** 32 lower-case hex digits, drawn at random once. */
  readonly fsid: string;
  readonly createdAt: WallMs;
  /** At least one voter. */
  readonly monitors: readonly MonitorInfo[];
  readonly entities: readonly Entity[];
  /** Default: `defaultCrush()`. */
  readonly crush?: CrushMap;
}

/** The first map of a cluster, of epoch 1. Errors: `INVALID_ARGUMENT` and `CONFLICT`, saying what is wrong with the parts. */
export function createMap({ fsid, createdAt, monitors, entities, crush = defaultCrush() }: NewMap): ClusterMap {
  valid(hex32.test(fsid), () => 'a cluster needs an fsid of 32 lower-case hex digits; draw 16 random bytes');
  valid(Number.isFinite(createdAt), () => 'a cluster is made at a finite time, in milliseconds since 1970');
  valid(monitors.length > 0, () => 'a cluster needs at least one monitor; name one');
  const changes: MapChange[] = [
    { kind: 'crush', crush },
    ...monitors.map((monitor): MapChange => ({ kind: 'monitor', monitor })),
    ...entities.map((entity): MapChange => ({ kind: 'entity', entity })),
  ];
  const blank: ClusterMap = {
    epoch: epoch(0),
    fsid,
    createdAt,
    changedAt: createdAt,
    requiredFeatures: 0,
    monitors: new Map(),
    osds: new Map(),
    crush,
    pools: new Map(),
    records: emptyPgRecords,
    upmaps: new Map(),
    flags: new Set(),
    config: new Map(),
    entities: new Map(),
    storeLast: 0,
    poolLast: 0,
    memberLast: 0,
  };
  return { ...applyChanges(blank, changes), epoch: epoch(1) };
}
