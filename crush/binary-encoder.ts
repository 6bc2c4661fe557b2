/** `encodeCrushBinary`; see `binary-codec.ts`. */
import { CairnError } from '../base/errors.js';
import { latin1Bytes } from '../base/bytes.js';
import { binaryMagic } from './binary-format.js';
import { algorithmNumbers } from './compiled-map.js';
import { ruleOperations } from './compiled-rule.js';
import { bucketSlots, deviceCount } from './counts.js';
import { bucketWeight, shadowIdsOf } from './shadow-trees.js';
import { byId } from './text-printer.js';
import { treeItemCountMax, treeNodeWeights } from './tree-nodes.js';
import type { Bucket, BucketChooseArgs, CrushMap, Rule, RuleStep } from './types.js';

/**
 * The map in Ceph's binary format as of 16.2, byte for byte what `crushtool -c` writes for the same text. Rules without
 * sizes get 1 and 100, as later versions write them. Throws `INVALID_ARGUMENT` for what the format cannot hold.
 */
export function encodeCrushBinary(map: CrushMap): Uint8Array {
  const out = new Writer();
  const bucketCount = bucketSlots(map);
  const ruleCount = Math.max(0, ...[...map.rules.keys()].map((id) => id + 1));
  out.u32(binaryMagic);
  out.u32(bucketCount);
  out.u32(ruleCount);
  out.u32(deviceCount(map));
  for (let index = 0; index < bucketCount; index += 1) writeBucket(out, map.buckets.get(-1 - index));
  for (let id = 0; id < ruleCount; id += 1) writeRule(out, map.rules.get(id));
  writeNames(out, map.types);
  writeNames(out, itemNames(map));
  writeNames(out, namesOf(byId(map.rules)));
  writeTunables(out, map);
  writeClasses(out, map);
  writeChooseArgs(out, map);
  return out.bytes();
}

function writeBucket(out: Writer, bucket: Bucket | undefined): void {
  if (bucket === undefined) {
    out.u32(0);
    return;
  }
  const algorithm = algorithmNumbers[bucket.algorithm];
  out.u32(algorithm);
  out.s32(bucket.id);
  out.u16(bucket.type);
  out.u8(algorithm);
  out.u8(0); // The only hash, rjenkins1.
  out.u32(bucketWeight(bucket.items));
  out.u32(bucket.items.length);
  for (const { id } of bucket.items) out.s32(id);
  writeWeights(out, bucket);
}

function writeWeights(out: Writer, bucket: Bucket): void {
  switch (bucket.algorithm) {
    case 'uniform':
      out.u32(bucket.items[0]?.weight ?? 0);
      break;
    case 'list': {
      let sum = 0;
      for (const { weight } of bucket.items) {
        sum += weight;
        out.u32(weight);
        out.u32(sum);
      }
      break;
    }
    case 'tree': {
      const nodes = bucket.nodeWeights ?? treeWeights(bucket);
      out.u8(nodes.length);
      for (const weight of nodes) out.u32(weight);
      break;
    }
    case 'straw':
      for (const [index, { weight }] of bucket.items.entries()) {
        out.u32(weight);
        out.u32(bucket.straws[index] ?? 0);
      }
      break;
    case 'straw2':
      for (const { weight } of bucket.items) out.u32(weight);
      break;
  }
}

function treeWeights({ name, items }: Bucket): number[] {
  if (items.length <= treeItemCountMax) return treeNodeWeights(items.map(({ weight }) => weight));
  throw new CairnError(
    'INVALID_ARGUMENT',
    `tree bucket ${name} has ${items.length} items, and a tree holds ${treeItemCountMax}; use straw2`,
  );
}

function writeRule(out: Writer, rule: Rule | undefined): void {
  out.u32(rule === undefined ? 0 : 1);
  if (rule === undefined) return;
  out.u32(rule.steps.length);
  out.u8(rule.id); // The rule set, a notion that Ceph has given up, is the rule itself.
  out.u8(rule.type);
  out.u8(rule.minSize ?? 1);
  out.u8(rule.maxSize ?? 100);
  for (const step of rule.steps) {
    const [first, second] = stepArguments(step);
    out.u32(ruleOperations[step.op]);
    out.s32(first);
    out.s32(second);
  }
}

function stepArguments(step: RuleStep): readonly [number, number] {
  if ('item' in step) return [step.item, 0];
  if ('count' in step) return [step.count, step.type];
  if ('value' in step) return [step.value, 0];
  return [0, 0];
}

function itemNames(map: CrushMap): Map<number, string> {
  const buckets = [...map.buckets.values()].sort((a, b) => a.id - b.id);
  return new Map([...namesOf(buckets), ...namesOf(byId(map.devices))]);
}

/** The binary format has no empty names: what has no name is left out. */
function namesOf(things: readonly { readonly id: number; readonly name: string }[]): Map<number, string> {
  return new Map(things.filter(({ name }) => name !== '').map(({ id, name }) => [id, name]));
}

function writeNames(out: Writer, names: ReadonlyMap<number, string>): void {
  out.u32(names.size);
  for (const [id, name] of [...names].sort(([a], [b]) => a - b)) {
    const bytes = latin1Bytes(name);
    out.s32(id);
    out.u32(bytes.byteLength);
    out.raw(bytes);
  }
}

function writeTunables(out: Writer, { tunables }: CrushMap): void {
  out.u32(tunables.chooseLocalTries);
  out.u32(tunables.chooseLocalFallbackTries);
  out.u32(tunables.chooseTotalTries);
  out.u32(tunables.chooseleafDescendOnce);
  out.u8(tunables.chooseleafVaryR);
  out.u8(tunables.strawCalcVersion);
  out.u32(tunables.allowedBucketAlgs);
  out.u8(tunables.chooseleafStable);
}

function writeClasses(out: Writer, map: CrushMap): void {
  const numbers = new Map([...map.classes].map(([number, name]) => [name, number]));
  const classOf: (readonly [number, number])[] = [];
  const note = (id: number, deviceClass: string | undefined): void => {
    const number = deviceClass === undefined ? undefined : numbers.get(deviceClass);
    if (number !== undefined) classOf.push([id, number]);
  };
  for (const { id, shadow } of map.buckets.values()) note(id, shadow?.deviceClass);
  for (const { id, deviceClass } of map.devices.values()) note(id, deviceClass);
  out.u32(classOf.length);
  for (const [id, number] of classOf.sort(([a], [b]) => a - b)) {
    out.s32(id);
    out.s32(number);
  }
  writeNames(out, map.classes);
  const shadows = [...shadowIdsOf(map)].sort(([a], [b]) => a - b);
  out.u32(shadows.length);
  for (const [bucket, ids] of shadows) {
    out.s32(bucket);
    out.u32(ids.size);
    for (const [number, id] of [...ids].sort(([a], [b]) => a - b)) {
      out.s32(number);
      out.s32(id);
    }
  }
}

function writeChooseArgs(out: Writer, map: CrushMap): void {
  out.u32(map.chooseArgs.size);
  for (const [name, args] of [...map.chooseArgs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out.s64(name);
    const buckets = [...args.values()].sort((a, b) => b.bucket - a.bucket);
    out.u32(buckets.length);
    for (const one of buckets) writeBucketArgs(out, one);
  }
}

function writeBucketArgs(out: Writer, { bucket, weightSet, ids = [] }: BucketChooseArgs): void {
  out.u32(-1 - bucket);
  out.u32(weightSet.length);
  for (const weights of weightSet) {
    out.u32(weights.length);
    for (const weight of weights) out.u32(weight);
  }
  out.u32(ids.length);
  for (const id of ids) out.s32(id);
}

/** Little-endian numbers into a buffer that doubles as it fills. */
class Writer {
  #buffer = Buffer.alloc(4096);
  #length = 0;

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#buffer.writeUInt8(value, at);
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16LE(value, at);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32LE(value, at);
  }

  s32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeInt32LE(value, at);
  }

  s64(value: bigint): void {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64LE(value, at);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.byteLength);
    this.#buffer.set(bytes, at);
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#length));
  }

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.byteLength) {
      const larger = Buffer.alloc(Math.max(this.#length, 2 * this.#buffer.byteLength));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return at;
  }
}
