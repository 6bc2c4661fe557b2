/**
 * What a map must fulfil before anything is placed with it. Ceph's own code would crash, loop for ever or read beyond its
 * memory on these; whatever else is odd in a map (a type without a bucket, an empty bucket, a rule that takes an unknown
 * item) places as it does in Ceph.
 */
import { CairnError } from '../base/errors.js';
import { deviceIdMax, int32Max, int32Min, typeIdMax, weightSumMax } from './limits.js';
import { treeItemCountMax, treeNodeCount } from './tree-nodes.js';
import type { Bucket, BucketChooseArgs, CrushMap, RuleStep } from './types.js';

/** Ceph keeps these in 8 bits. */
const byteTunables: ReadonlySet<string> = new Set(['chooseleafVaryR', 'chooseleafStable', 'strawCalcVersion']);

/** Throws `INVALID_ARGUMENT`, saying what to change, unless the mapper can work on `map`. */
export function checkCrushMap(map: CrushMap): void {
  for (const [name, value] of Object.entries(map.tunables)) {
    const max = byteTunables.has(name) ? 0xff : 0xffffffff;
    check(isInteger(value, 0, max), `tunable ${name} is ${value}; set it to an integer from 0 to ${max}`);
  }
  for (const [id, bucket] of map.buckets) {
    check(id === bucket.id, `bucket ${bucket.name} is stored under id ${id}, its own is ${bucket.id}; make them equal`);
    checkBucket(map, bucket);
  }
  checkAcyclic(map);
  for (const [id, rule] of map.rules) {
    check(id === rule.id, `rule ${rule.name} is stored under id ${id}, its own is ${rule.id}; make them equal`);
    for (const step of rule.steps) checkStep(rule.name, step);
  }
  for (const [name, chooseArgs] of map.chooseArgs) {
    for (const args of chooseArgs.values()) checkChooseArgs(map, name, args);
  }
}

function checkBucket(map: CrushMap, bucket: Bucket): void {
  const name = `bucket ${bucket.name}`;
  check(isInteger(bucket.id, int32Min, -1), `${name} has id ${bucket.id}; give it a negative 32-bit id`);
  check(isInteger(bucket.type, 1, typeIdMax), `${name} has type ${bucket.type}; give it one from 1 to ${typeIdMax}`);
  let sum = 0;
  for (const { id, weight } of bucket.items) {
    check(isInteger(id, int32Min, deviceIdMax), `${name} has item ${id}; item ids go up to ${deviceIdMax}`);
    check(id >= 0 || map.buckets.has(id), `${name} has item ${id}, which is no bucket of the map; remove or define it`);
    check(isWeight(weight), `${name} gives item ${id} the weight ${weight}; weights are 16.16 and below 65536.0`);
    sum += weight;
  }
  if (bucket.algorithm === 'list' || bucket.algorithm === 'tree') {
    check(isWeight(sum), `the items of ${name} weigh more than 65535.9 together; lower the weights or use straw2`);
  }
  if (bucket.algorithm === 'tree') {
    const fits = bucket.items.length <= treeItemCountMax;
    check(fits, `${name} has ${bucket.items.length} items; a tree holds ${treeItemCountMax}, use straw2`);
    checkTreeNodes(name, bucket.items.length, bucket.nodeWeights);
  }
  if (bucket.algorithm === 'straw') {
    const fits = bucket.straws.length === bucket.items.length && bucket.straws.every(isWeight);
    check(fits, `${name} needs one straw length (16.16, below 65536.0) per item; compute them again from the weights`);
  }
}

function checkTreeNodes(name: string, itemCount: number, nodeWeights: readonly number[] | undefined): void {
  if (nodeWeights === undefined) return;
  const count = nodeWeights.length;
  const isTree = (count & (count - 1)) === 0 && count >= treeNodeCount(itemCount) && count <= 2 * treeItemCountMax;
  check(
    isTree && nodeWeights.every(isWeight),
    `${name} has ${count} odd tree nodes; leave them out to have them summed`,
  );
}

/** A bucket must not be found within itself, neither directly nor further down: a descent would never end. */
function checkAcyclic(map: CrushMap): void {
  const done = new Set<number>();
  const open = new Set<number>();
  for (const root of map.buckets.keys()) {
    const path: { readonly bucket: Bucket; next: number }[] = [];
    const enter = (id: number): void => {
      const bucket = map.buckets.get(id);
      if (bucket === undefined || done.has(id)) return;
      check(!open.has(id), `bucket ${bucket.name} contains itself; remove it from the buckets below it`);
      open.add(id);
      path.push({ bucket, next: 0 });
    };
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const item = top.bucket.items[top.next++];
      if (item !== undefined) {
        enter(item.id);
        continue;
      }
      open.delete(top.bucket.id);
      done.add(top.bucket.id);
      path.pop();
    }
  }
}

function checkStep(rule: string, step: RuleStep): void {
  for (const [name, value] of Object.entries(step)) {
    const fits = name === 'op' || isInteger(Number(value), int32Min, int32Max);
    check(fits, `step ${step.op} of rule ${rule} has ${name} ${value}; use a 32-bit integer`);
  }
}

function checkChooseArgs(map: CrushMap, name: bigint, args: BucketChooseArgs): void {
  const bucket = map.buckets.get(args.bucket);
  if (bucket === undefined) return;
  const size = bucket.items.length;
  const owner = `choose_args ${name} for bucket ${bucket.name}`;
  for (const weights of args.weightSet) {
    const fits = weights.length === size && weights.every(isWeight);
    check(fits, `${owner} need ${size} weights (16.16, below 65536.0) per position, one per item`);
  }
  const ids = args.ids ?? [];
  const fits = args.ids === undefined || (ids.length === size && ids.every((id) => isInteger(id, int32Min, int32Max)));
  check(fits, `${owner} need ${size} ids (32-bit integers), one per item, or none`);
}

function isWeight(value: number): boolean {
  return isInteger(value, 0, weightSumMax);
}

function isInteger(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function check(fact: boolean, message: string): asserts fact {
  if (!fact) throw new CairnError('INVALID_ARGUMENT', message);
}
