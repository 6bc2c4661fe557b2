/**
 * `osd drain`: an OSD that is out by order gives its data to others, and is drained when no PG counts it among its members.
 * So `out` is all that the map has to know of it: it lasts through restarts, keeps the reweight for `osd in`, and CRUSH
 * goes by it.
 */
import type { OsdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { DrainStatus, OsdDrainStatus } from '../../protocol/commands/osd-safety.js';
import type { Effects } from '../state/types.js';
import { recoveryEta } from '../status/recovery-json.js';
import { recoveryOf } from './health-input.js';
import { mapWithOsds } from './osd-effects.js';
import { count, selectOsds } from './osd-selection.js';
import { evaluateOsdOut } from './osd-state.js';
import { type PgOfOsd, pgsOfOsds } from './pgs-of-osds.js';
import type { CommandContext } from './types.js';
import { upSets } from './up-sets.js';

interface Args {
  readonly osds: OsdId[];
}

export async function evaluateOsdDrain({ osds }: Args, context: CommandContext): Promise<Effects<ChangeReport>> {
  const effects = await evaluateOsdOut({ osds }, context);
  const { changed, messages } = effects.result;
  return { ...effects, result: { changed, messages: [...messages, ...(await outlook(context, osds))] } };
}

/** Copies are not given up where CRUSH finds no other place for them. */
async function outlook(context: CommandContext, ids: OsdId[]): Promise<string[]> {
  const { map } = context.state;
  const out: OsdInfo[] = [];
  for (const osd of selectOsds(map, ids)) out.push({ ...osd, isIn: false });
  const upOf = upSets(mapWithOsds(map, out));
  let pgs = 0;
  let stuck = 0;
  for await (const found of pgsOfOsds(context, ids)) {
    pgs += 1;
    if (isStuck({ ...found, up: upOf(found.pg.pool, found.pg.pg) })) stuck += 1;
  }
  if (stuck > 0) {
    const find = stuck === 1 ? 'finds' : 'find';
    return [`${stuck} of ${count(pgs, 'PG')} ${find} no other place, and stay until there is one: add OSDs, or hosts`];
  }
  return pgs === 0 ? [] : [`${count(pgs, 'PG')} ${pgs === 1 ? 'moves' : 'move'}; see \`cairn osd df\``];
}

export async function answerDrainStatus({ osds: ids }: Args, context: CommandContext): Promise<DrainStatus> {
  const osds = selectOsds(context.state.map, ids);
  const pgs = new Map<OsdId, { all: number; stuck: number }>(osds.map(({ id }) => [id, { all: 0, stuck: 0 }]));
  const left = { objects: 0, bytes: 0 };
  for await (const found of pgsOfOsds(context, ids)) {
    const isLeft = isStuck(found);
    for (const { osd } of [...found.record.acting, ...found.record.eligible]) {
      const counts = pgs.get(osd);
      if (counts === undefined) continue;
      counts.all += 1;
      if (isLeft && !found.up.includes(osd)) counts.stuck += 1;
    }
    left.objects += found.picture.leftObjects;
    left.bytes += found.picture.leftBytes;
  }
  const eta = recoveryEta(left, recoveryOf(context));
  return {
    osds: osds.map((osd): OsdDrainStatus => {
      const { all, stuck } = pgs.get(osd.id) ?? { all: 0, stuck: 0 };
      return { id: osd.id, state: drainState(osd, all), pgs: all, stuckPgs: stuck };
    }),
    leftObjects: left.objects,
    leftBytes: left.bytes,
    etaSeconds: eta ?? undefined,
  };
}

/** Out by itself, or without a store, is not out to be drained. */
export function drainState({ isIn, isAutoOut, uuid }: OsdInfo, pgs: number): OsdDrainStatus['state'] {
  if (isIn || isAutoOut || uuid === undefined) return 'in';
  return pgs > 0 ? 'draining' : 'drained';
}

/** Whether `drainState` can be anything but `in` for some OSD of the map: else nobody needs to count PGs for it. */
export function hasDraining({ osds }: Pick<ClusterMap, 'osds'>): boolean {
  for (const osd of osds.values()) if (drainState(osd, 1) !== 'in') return true;
  return false;
}

/** As `Joining` decides at the primary: who is too many leaves only when those in `up` are enough. */
function isStuck({ pool, record, up }: Pick<PgOfOsd, 'pool' | 'record' | 'up'>): boolean {
  return up.length < Math.min(pool.size, record.acting.length);
}
