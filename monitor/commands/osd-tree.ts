/** `osd tree` and `osd df`: the hierarchy with what the map says of each OSD, and what the OSDs said of themselves. */
import { type OsdInfo, crushReweight } from '../../cluster/osd.js';
import { osdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { treeNodes } from '../../crush/tree.js';
import { type CrushMap, weightOne } from '../../crush/types.js';
import type { OsdDf, OsdStanding, OsdTree, OsdTreeNode } from '../../protocol/commands/osd.js';
import type { CommandContext } from './types.js';

/** Between two turns of the event loop: about a millisecond's worth. */
const pgsPerSlice = 4096;

export function answerOsdTree(_args: unknown, { state }: CommandContext): OsdTree {
  return treeOf(state.map);
}

export async function answerOsdDf(_args: unknown, context: CommandContext): Promise<OsdDf> {
  const { map } = context.state;
  const pgs = await pgsPerOsd(context);
  const usage = [...map.osds.values()].map(({ id }) => {
    const vitals = context.soft.osds.get(id);
    return { id, totalBytes: vitals?.totalBytes, usedBytes: vitals?.usedBytes, pgs: pgs.get(id) ?? 0 };
  });
  return { ...treeOf(map), usage };
}

function treeOf(map: ClusterMap): OsdTree {
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
      osd: id < 0 ? undefined : standing(osds.get(osdId(id))),
    };
  });
  const stray = [...osds.values()].filter(({ id }) => !placed.has(id)).map((osd) => strayNode(crush, osd));
  return { nodes, stray };
}

function strayNode(crush: CrushMap, osd: OsdInfo): OsdTreeNode {
  return {
    id: osd.id,
    name: `osd.${osd.id}`,
    type: crush.types.get(0) ?? 'osd',
    typeNumber: 0,
    depth: 0,
    crushWeight: 0,
    deviceClass: crush.devices.get(osd.id)?.deviceClass,
    osd: standing(osd),
  };
}

function standing(osd: OsdInfo | undefined): OsdStanding {
  if (osd === undefined) return { status: 'absent', isIn: false, reweight: 0 };
  return { status: osd.isUp ? 'up' : 'down', isIn: osd.isIn, reweight: crushReweight(osd) / weightOne };
}

async function pgsPerOsd(context: CommandContext): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  const cursor = context.state.map.records.cursor();
  for (let scanned = 1; cursor.next(); scanned += 1) {
    for (let member = 0; member < cursor.actingCount; member += 1) {
      const osd = cursor.osdAt(member);
      counts.set(osd, (counts.get(osd) ?? 0) + 1);
    }
    if (scanned % pgsPerSlice === 0) await context.yieldTurn();
  }
  return counts;
}
