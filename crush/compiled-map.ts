/**
 * A CRUSH map flattened to typed arrays, which the mapper walks without allocating. Buckets get dense indices in the
 * order of the map, whatever their ids; bucket `b` owns the slots from `starts[b]` to `starts[b] + sizes[b]` of every
 * array that is per item.
 *
 *   buckets   0: root -1          1: host -2     2: host -3
 *   starts    0                   2              4
 *   slots     | -2 (1) | -3 (2) |  osd.0  osd.1 |  osd.2  osd.3 |        in brackets: `children`
 */
import { compileChooseArgs, type CompiledChooseArgs } from './compiled-choose-args.js';
import { checkCrushMap } from './check-map.js';
import { compileRule } from './compiled-rule.js';
import { treeNodeCount, treeNodeWeights } from './tree-nodes.js';
import type { Bucket, BucketAlgorithm, CrushMap, Tunables } from './types.js';

/** Numbered as in Ceph. */
export const algorithmNumbers = { uniform: 1, list: 2, tree: 3, straw: 4, straw2: 5 } as const satisfies Record<
  BucketAlgorithm,
  number
>;

/** In `children`: the item is a device. */
export const noChild = -1;

export interface CompiledCrushMap {
  readonly tunables: Tunables;
  /** Bucket id -> bucket index. */
  readonly bucketIndices: ReadonlyMap<number, number>;

  // Per bucket.
  readonly bucketIds: Int32Array;
  readonly bucketTypes: Int32Array;
  readonly algorithms: Uint8Array;
  readonly starts: Int32Array;
  readonly sizes: Int32Array;
  /** Where a tree bucket's nodes start in `treeWeights`. */
  readonly treeStarts: Int32Array;
  /** The node that a descent in a tree bucket starts from. */
  readonly treeRoots: Int32Array;

  // Per item.
  readonly itemIds: Int32Array;
  /** The index of the bucket that the item is, or `noChild`. */
  readonly children: Int32Array;
  /** 16.16: what the bucket's algorithm draws with, the straw lengths in a straw bucket and else the weights. */
  readonly weights: Uint32Array;
  /** In a list bucket: the weights up to and with the item. */
  readonly listSums: Uint32Array;

  /** The weights of tree nodes, tree after tree. */
  readonly treeWeights: Uint32Array;
  readonly rules: ReadonlyMap<number, Int32Array>;
  readonly chooseArgs: ReadonlyMap<bigint, CompiledChooseArgs>;
}

/**
 * Checks and flattens `map`, which it does not keep. Throws `INVALID_ARGUMENT` for what the algorithm cannot work on: an
 * item that is no bucket of the map, a bucket within itself, a tree of more than 64 items, and the like.
 */
export function compileCrushMap(map: CrushMap): CompiledCrushMap {
  checkCrushMap(map);
  const buckets = [...map.buckets.values()];
  const bucketIndices = new Map(buckets.map((bucket, index) => [bucket.id, index]));
  const items = buckets.flatMap((bucket) => bucket.items);
  const compiled = {
    tunables: map.tunables,
    bucketIndices,
    bucketIds: Int32Array.from(buckets, (bucket) => bucket.id),
    bucketTypes: Int32Array.from(buckets, (bucket) => bucket.type),
    algorithms: Uint8Array.from(buckets, (bucket) => algorithmNumbers[bucket.algorithm]),
    starts: runningStarts(buckets.map((bucket) => bucket.items.length)),
    sizes: Int32Array.from(buckets, (bucket) => bucket.items.length),
    treeStarts: runningStarts(buckets.map(treeNodeCountOf)),
    treeRoots: Int32Array.from(buckets, (bucket) => treeNodeCountOf(bucket) / 2),
    itemIds: Int32Array.from(items, (item) => item.id),
    children: Int32Array.from(items, (item) => bucketIndices.get(item.id) ?? noChild),
    weights: Uint32Array.from(buckets.flatMap(drawWeights)),
    listSums: Uint32Array.from(buckets.flatMap(runningWeights)),
    treeWeights: Uint32Array.from(buckets.flatMap(treeNodeWeightsOf)),
    rules: new Map([...map.rules].map(([id, rule]) => [id, compileRule(map, rule)])),
  };
  const chooseArgs = [...map.chooseArgs].map(([name, args]) => [name, compileChooseArgs(compiled, args)] as const);
  return { ...compiled, chooseArgs: new Map(chooseArgs) };
}

/** The weights and ids that apply to a pool: its own, or else the default ones (named -1), or none. */
export function chooseArgsOfPool(map: CompiledCrushMap, pool: bigint): CompiledChooseArgs | undefined {
  return map.chooseArgs.get(pool) ?? map.chooseArgs.get(-1n);
}

function drawWeights(bucket: Bucket): readonly number[] {
  return bucket.algorithm === 'straw' ? bucket.straws : bucket.items.map((item) => item.weight);
}

function runningStarts(lengths: readonly number[]): Int32Array {
  let start = 0;
  return Int32Array.from(lengths, (length) => (start += length) - length);
}

function runningWeights(bucket: Bucket): number[] {
  let sum = 0;
  return bucket.items.map((item) => (sum += item.weight));
}

function treeNodeCountOf(bucket: Bucket): number {
  if (bucket.algorithm !== 'tree') return 0;
  return bucket.nodeWeights?.length ?? treeNodeCount(bucket.items.length);
}

function treeNodeWeightsOf(bucket: Bucket): readonly number[] {
  if (bucket.algorithm !== 'tree') return [];
  return bucket.nodeWeights ?? treeNodeWeights(bucket.items.map((item) => item.weight));
}
