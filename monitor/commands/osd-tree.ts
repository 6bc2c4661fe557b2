/** `osd tree` and `osd df`: the hierarchy with what the map says of each OSD, and what the OSDs said of themselves. */
import { type OsdInfo, crushReweight } from '../../cluster/osd.js';
import { osdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { treeNodes } from '../../crush/tree.js';
import { type CrushMap, weightOne } from '../../crush/types.js';
import type { OsdDf, OsdStanding, OsdTree, OsdTreeNode } from '../../protocol/commands/osd.js';
import { drainState, hasDraining } from './osd-drain.js';
import type { CommandContext } from './types.js';

/** Between two turns of the event loop: about a millisecond's worth. */
const pgsPerSlice = 4096;

export async function answerOsdTree(_args: unknown, context: CommandContext): Promise<OsdTree> {
  const { map } = context.state;
  return treeOf(map, hasDraining(map) ? await pgsPerOsd(context) : new Map());
}

export async function answerOsdDf(_args: unknown, context: CommandContext): Promise<OsdDf> {
  const { map } = context.state;
  const pgs = await pgsPerOsd(context);
  const usage = [...map.osds.values()].map(({ id }) => {
    const vitals = context.soft.osds.get(id);
    return { id, totalBytes: vitals?.totalBytes, usedBytes: vitals?.usedBytes, pgs: pgs.get(id)?.acting ?? 0 };
  });
  return { ...treeOf(map, pgs), usage };
}

function treeOf(map: ClusterMap, pgs: PgsPerOsd): OsdTree {
  const { crush, osds } = map;
  const typeNumbers = new Map([...crush.types].map(([number, name]) => [name, number]));
  const placed = new Set<number>();
  const nodes = treeNodes(crush, false).map(({ id, name, type, depth, weight, deviceClass }): OsdTreeNode => {
    placed.add(id);
    return {
      id,
      name,
      type,
      typeNumber: typeNumbers.get(type) ?? 0,
      depth,
      crushWeight: weight / weightOne,
      deviceClass,
      osd: id < 0 ? undefined : standing(osds.get(osdId(id)), pgs),
    };
  });
  const stray = [...osds.values()].filter(({ id }) => !placed.has(id)).map((osd) => strayNode(crush, osd, pgs));
  return { nodes, stray };
}

function strayNode(crush: CrushMap, osd: OsdInfo, pgs: PgsPerOsd): OsdTreeNode {
  return {
    id: osd.id,
    name: `osd.${osd.id}`,
    type: crush.types.get(0) ?? 'osd',
    typeNumber: 0,
    depth: 0,
    crushWeight: 0,
    deviceClass: crush.devices.get(osd.id)?.deviceClass,
    osd: standing(osd, pgs),
  };
}

function standing(osd: OsdInfo | undefined, pgs: PgsPerOsd): OsdStanding {
  if (osd === undefined) return { status: 'absent', isIn: false, reweight: 0, drain: undefined };
  const { id, isUp, isIn } = osd;
  const drain = drainState(osd, pgs.get(id)?.members ?? 0);
  return {
    status: isUp ? 'up' : 'down',
    isIn,
    reweight: crushReweight(osd) / weightOne,
    drain: drain === 'in' ? undefined : drain,
  };
}

/** PGs that it acts in, and those that count it among their members. */
type PgsPerOsd = ReadonlyMap<number, { readonly acting: number; readonly members: number }>;

async function pgsPerOsd(context: CommandContext): Promise<PgsPerOsd> {
  const counts = new Map<number, { acting: number; members: number }>();
  const cursor = context.state.map.records.cursor();
  for (let scanned = 1; cursor.next(); scanned += 1) {
    for (let member = 0; member < cursor.memberCount; member += 1) {
      const osd = cursor.osdAt(member);
      const known = counts.get(osd) ?? { acting: 0, members: 0 };
      counts.set(osd, known);
      known.members += 1;
      if (member < cursor.actingCount) known.acting += 1;
    }
    if (scanned % pgsPerSlice === 0) await context.yieldTurn();
  }
  return counts;
}
