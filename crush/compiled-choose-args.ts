/** Alternative weights and ids (`choose_args`) of all buckets, flattened next to the map's own. */
import { invariant } from '../base/invariant.js';
import type { BucketChooseArgs, ChooseArgs } from './types.js';

export interface CompiledChooseArgs {
  /** Per bucket: how many lists of weights it has, one per position of the result; 0: the bucket's own weights hold. */
  readonly positionCounts: Int32Array;
  /** Per bucket: where its lists start in `weights`, list after list. */
  readonly weightStarts: Int32Array;
  readonly weights: Uint32Array;
  /** Per item, in the map's slots: the id to hash by. */
  readonly hashIds: Int32Array;
}

/** What of the compiled map this needs. */
interface Slots {
  readonly bucketIndices: ReadonlyMap<number, number>;
  readonly starts: Int32Array;
  readonly itemIds: Int32Array;
}

/** Arguments for buckets that the map does not have are without effect. */
export function compileChooseArgs(map: Slots, chooseArgs: ChooseArgs): CompiledChooseArgs {
  const positionCounts = new Int32Array(map.bucketIndices.size);
  const weightStarts = new Int32Array(map.bucketIndices.size);
  const weights: number[] = [];
  const hashIds = map.itemIds.slice();
  for (const args of chooseArgs.values()) {
    const bucket = map.bucketIndices.get(args.bucket);
    if (bucket === undefined) continue;
    positionCounts[bucket] = args.weightSet.length;
    weightStarts[bucket] = weights.length;
    for (const weight of args.weightSet.flat()) weights.push(weight);
    replaceIds(hashIds, map.starts[bucket], args);
  }
  return { positionCounts, weightStarts, weights: Uint32Array.from(weights), hashIds };
}

function replaceIds(hashIds: Int32Array, start: number | undefined, args: BucketChooseArgs): void {
  invariant(start !== undefined, 'a bucket has a start');
  if (args.ids !== undefined) hashIds.set(args.ids, start);
}
