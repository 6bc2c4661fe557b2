/**
 * The binary tree of a `tree` bucket, numbered so that a node's number tells its height: the lowest set bit. Items are the
 * odd nodes, from left to right; a node of height h has its children at a distance of 2^(h-1).
 *
 *              4
 *          2       6
 *        1   3   5   7          item 0 is node 1, item 1 is node 3, ...
 */

/** Ceph keeps the number of nodes in eight bits, so 128 nodes is the largest tree. */
export const treeItemCountMax = 64;

/** A power of two; node 0 is unused and the root is node count / 2. 0 for an empty bucket. */
export function treeNodeCount(itemCount: number): number {
  return itemCount === 0 ? 0 : 2 ** (Math.ceil(Math.log2(itemCount)) + 1);
}

export function treeLeaf(itemIndex: number): number {
  return 2 * itemIndex + 1;
}

/** The distance from a node to its children; 0 for a leaf. */
export function treeReach(node: number): number {
  return (node & -node) >> 1;
}

/** Per node the weight of all items below it. */
export function treeNodeWeights(weights: readonly number[]): number[] {
  const nodes = new Array<number>(treeNodeCount(weights.length)).fill(0);
  weights.forEach((weight, index) => (nodes[treeLeaf(index)] = weight));
  for (let reach = 1; reach < nodes.length / 2; reach *= 2) {
    for (let node = 2 * reach; node < nodes.length; node += 4 * reach) {
      nodes[node] = (nodes[node - reach] ?? 0) + (nodes[node + reach] ?? 0);
    }
  }
  return nodes;
}
