/** How a bucket chooses one of its items for an input and a replica: one function per algorithm. */
import { algorithmNumbers, type CompiledCrushMap } from './compiled-map.js';
import { hash32of4 } from './hash.js';
import { hashItems } from './item-hashes.js';
import type { Search } from './search.js';
import { straw2Winner } from './straw2-winner.js';
import { treeReach } from './tree-nodes.js';

/**
 * The slot of the chosen item of a bucket that is not empty. `position` is that of the replica in the result, by which
 * `choose_args` select weights. -1 if there is none to choose, as in a tree without any weight.
 */
export function chooseSlot(search: Search, bucket: number, r: number, position: number): number {
  const { map, x } = search;
  const start = map.starts[bucket]!;
  const size = map.sizes[bucket]!;
  switch (map.algorithms[bucket]!) {
    case algorithmNumbers.straw2:
      return start + chooseStraw2(search, bucket, start, size, r, position);
    case algorithmNumbers.straw:
      return start + chooseStraw(search, start, size, r);
    case algorithmNumbers.list:
      return start + chooseList(map, bucket, x, r);
    case algorithmNumbers.tree: {
      const item = chooseTree(map, bucket, x, r);
      return item < size ? start + item : -1;
    }
    default:
      return start + search.permutations.choose(bucket, x, r);
  }
}

function chooseStraw2(
  search: Search,
  bucket: number,
  start: number,
  size: number,
  r: number,
  position: number,
): number {
  const { map, hashes, chooseArgs } = search;
  hashItems(hashes, chooseArgs === undefined ? map.itemIds : chooseArgs.hashIds, start, size, search.x, r);
  const positionCount = chooseArgs === undefined ? 0 : chooseArgs.positionCounts[bucket]!;
  if (chooseArgs === undefined || positionCount === 0) return straw2Winner(hashes, map.weights, start, size);
  const weightStart = chooseArgs.weightStarts[bucket]! + Math.min(position, positionCount - 1) * size;
  return straw2Winner(hashes, chooseArgs.weights, weightStart, size);
}

/** The longest of straws that are scaled by the item's hash; the first of equals. */
function chooseStraw(search: Search, start: number, size: number, r: number): number {
  const { map, hashes } = search;
  hashItems(hashes, map.itemIds, start, size, search.x, r);
  let winner = 0;
  let longest = -1;
  for (let i = 0; i < size; i++) {
    const length = hashes[i]! * map.weights[start + i]!;
    if (length <= longest) continue;
    winner = i;
    longest = length;
  }
  return winner;
}

/** From the item added last to the first: each takes its share of what it and all before it weigh. */
function chooseList(map: CompiledCrushMap, bucket: number, x: number, r: number): number {
  const start = map.starts[bucket]!;
  const id = map.bucketIds[bucket]!;
  for (let i = map.sizes[bucket]! - 1; i >= 0; i--) {
    const share = hash32of4(x, map.itemIds[start + i]!, r, id) & 0xffff;
    if (Math.floor((share * map.listSums[start + i]!) / 0x10000) < map.weights[start + i]!) return i;
  }
  return 0;
}

/** Down from the root, at each node to one side or the other by their weights. */
function chooseTree(map: CompiledCrushMap, bucket: number, x: number, r: number): number {
  const start = map.treeStarts[bucket]!;
  const id = map.bucketIds[bucket]!;
  let node = map.treeRoots[bucket]!;
  for (let reach = treeReach(node); reach > 0; reach = treeReach(node)) {
    const point = highProduct(hash32of4(x, node, r, id), map.treeWeights[start + node]!);
    node += point < map.treeWeights[start + node - reach]! ? -reach : reach;
  }
  return node >> 1;
}

/** The upper 32 bits of the product of two unsigned 32-bit integers, which is too long for a double. */
function highProduct(a: number, b: number): number {
  const upper = (a >>> 16) * b;
  const lower = (a & 0xffff) * b;
  return Math.floor((upper + Math.floor(lower / 0x10000)) / 0x10000);
}
