/** What changes of OSDs bring with them: records of PGs, first members of PGs that had none, exceptions that end. */
import type { MapChange } from '../../cluster/change.js';
import type { OsdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { nextEpoch } from '../../cluster/osd-changes.js';
import type { OsdInfo } from '../../cluster/osd.js';
import type { UpOf } from '../../cluster/pg/context.js';
import { planCreationSteps } from '../../cluster/pg/plan-creation.js';
import { planOsdChangeSteps } from '../../cluster/pg/plan-osd-change.js';
import { runSliced } from './run-sliced.js';
import type { CommandContext } from './types.js';
import { upSets } from './up-sets.js';

/** The map with these OSDs as they shall be, and without the removed ones. */
export function mapWithOsds(map: ClusterMap, osds: readonly OsdInfo[], removed: readonly OsdId[] = []): ClusterMap {
  const next = new Map(map.osds);
  for (const osd of osds) next.set(osd.id, osd);
  for (const id of removed) next.delete(id);
  return { ...map, osds: next };
}

/** The changes of records that follow from OSDs that went down or lost their store; `after` has them so already. */
export async function recordChanges(
  context: CommandContext,
  after: ClusterMap,
  changed: readonly OsdId[],
): Promise<MapChange[]> {
  return runSliced(context, planOsdChangeSteps(after, { changed }));
}

/** First members for PGs that have none and can have some now. Costs next to nothing when every PG has members. */
export async function creationChanges(context: CommandContext, after: ClusterMap): Promise<MapChange[]> {
  let up: UpOf | undefined;
  const upOf: UpOf = (pool, pg) => (up ??= upSets(after))(pool, pg);
  return runSliced(context, planCreationSteps(after, upOf));
}

/** Down from the next epoch on. */
export function downAtNextEpoch(osd: OsdInfo, { state, wall }: CommandContext): OsdInfo {
  return { ...osd, isUp: false, downAt: nextEpoch(state.map), downSince: wall };
}
