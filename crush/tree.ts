/** The hierarchy of a map, top down, in the order of `crushtool --tree` and `ceph osd crush tree`. */
import { CairnError } from '../base/errors.js';
import { byId, typeName } from './text-printer.js';
import type { Bucket, CrushMap } from './types.js';
import { bucketWeight } from './shadow-trees.js';

/** Buckets that stand in several places multiply, from level to level. No honest map comes near. */
const nodesMax = 1_000_000;

export interface TreeNode {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  /** 0 for roots. */
  readonly depth: number;
  /** 16.16: what the parent gives it, or the sum of a root's items. */
  readonly weight: number;
  readonly deviceClass?: string;
  /** Weights in the first position of each choose_args that has some for the parent. */
  readonly weightSets: ReadonlyMap<bigint, number>;
}

/**
 * Depth first, roots by ascending id, so the shadow trees (left out unless `shadows`) come first. Below a bucket the
 * other buckets stand first, by name, then devices by class and number. What stands in two places is listed twice.
 */
export function treeNodes(map: CrushMap, shadows: boolean): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (const root of roots(map, shadows)) {
    const open: TreeNode[] = [nodeOf(map, undefined, root.id, 0, bucketWeight(root.items))];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      nodes.push(node);
      const bucket = map.buckets.get(node.id);
      if (bucket === undefined) continue;
      for (const child of childrenOf(map, bucket, node.depth + 1).reverse()) open.push(child);
      if (nodes.length + open.length > nodesMax) {
        throw new CairnError('UNSUPPORTED', `the tree has more than ${nodesMax} lines; look at the text of the map`);
      }
    }
  }
  return nodes;
}

function roots(map: CrushMap, shadows: boolean): Bucket[] {
  const contained = new Set<number>();
  for (const { items } of map.buckets.values()) for (const { id } of items) contained.add(id);
  return byId(map.buckets).filter(({ id, shadow }) => !contained.has(id) && (shadows || shadow === undefined));
}

function childrenOf(map: CrushMap, bucket: Bucket, depth: number): TreeNode[] {
  const sorted = new Map<string, TreeNode>();
  // Backwards, so that of an item that stands here twice the first one's weight is shown.
  for (let index = bucket.items.length - 1; index >= 0; index -= 1) {
    const item = bucket.items[index];
    if (item === undefined) continue;
    const node = nodeOf(map, { bucket, index }, item.id, depth, item.weight);
    const key = item.id < 0 ? `_${node.name}` : `${node.deviceClass ?? ''}_osd.${String(item.id).padStart(8, '0')}`;
    sorted.set(key, node);
  }
  return [...sorted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node);
}

const noWeightSets: Map<bigint, number> = new Map();

function nodeOf(
  map: CrushMap,
  parent: { readonly bucket: Bucket; readonly index: number } | undefined,
  id: number,
  depth: number,
  weight: number,
): TreeNode {
  const bucket = map.buckets.get(id);
  const deviceClass = id < 0 ? bucket?.shadow?.deviceClass : map.devices.get(id)?.deviceClass;
  let weightSets = noWeightSets;
  if (parent !== undefined && map.chooseArgs.size > 0) {
    weightSets = new Map();
    for (const [name, args] of map.chooseArgs) {
      const weights = args.get(parent.bucket.id)?.weightSet[0];
      if (weights !== undefined) weightSets.set(name, weights[parent.index] ?? 0);
    }
  }
  return {
    id,
    // Ceph names devices by number here, whatever the map calls them.
    name: id < 0 ? (bucket?.name ?? '') : `osd.${id}`,
    type: typeName(map, bucket?.type ?? 0),
    depth,
    weight,
    ...(deviceClass === undefined ? {} : { deviceClass }),
    weightSets,
  };
}
