/**
 * From one map to the next. A map is a value: these return a new one that shares what did not change, and leave the old
 * one as it was, on errors too.
 */
import { CairnError } from '../base/errors.js';
import type { WallMs } from '../base/instants.js';
import { runSteps, type Steps } from '../base/steps.js';
import type { Incremental, MapChange } from './change.js';
import type { ClusterMap } from './map.js';
import { MapDraft } from './map-draft.js';

/**
 * `map` with all changes of `incremental`, or an error: `CONFLICT` when it is not for this map (another cluster, not the
 * next epoch) or does not fit what the map holds; `INVALID_ARGUMENT` or `UNSUPPORTED` when a change can never be right.
 */
export function applyIncremental(map: ClusterMap, incremental: Incremental): ClusterMap {
  return runSteps(applyIncrementalSteps(map, incremental));
}

/** As `applyIncremental`, in steps of a millisecond or two, for changes of many records. */
export function* applyIncrementalSteps(map: ClusterMap, incremental: Incremental): Steps<ClusterMap> {
  const { epoch, fsid, changedAt, changes } = incremental;
  if (fsid !== map.fsid) {
    const message = `the change is of cluster ${fsid}, the map of ${map.fsid}; check which cluster this daemon belongs to`;
    throw new CairnError('CONFLICT', message);
  }
  if (epoch !== map.epoch + 1) {
    throw new CairnError(
      'CONFLICT',
      `the change leads to epoch ${epoch}, the map has ${map.epoch}; fetch what is between`,
      {
        details: { epoch, mapEpoch: map.epoch },
      },
    );
  }
  if (!Number.isFinite(changedAt)) {
    throw new CairnError('INVALID_ARGUMENT', `epoch ${epoch} was changed at no finite time; give ms since 1970`);
  }
  const draft = new MapDraft(map);
  for (const change of changes) yield* draft.add(change);
  return draft.finish({ epoch, changedAt: Math.max(map.changedAt, changedAt) as WallMs });
}

/**
 * The map with these changes, still of the old epoch: what the leader evaluates the next command against while several
 * share one epoch to come. Same errors.
 */
export function applyChanges(map: ClusterMap, changes: readonly MapChange[]): ClusterMap {
  return runSteps(applyChangesSteps(map, changes));
}

/** As `applyChanges`, in steps of a millisecond or two. */
export function* applyChangesSteps(map: ClusterMap, changes: readonly MapChange[]): Steps<ClusterMap> {
  if (changes.length === 0) return map;
  const draft = new MapDraft(map);
  for (const change of changes) yield* draft.add(change);
  return draft.finish();
}
