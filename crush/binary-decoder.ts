/** `decodeCrushBinary`; see `binary-codec.ts`. */
import { CairnError } from '../base/errors.js';
import { latin1Text, viewBuffer } from '../base/bytes.js';
import { binaryMagic, isCrushBinary } from './binary-format.js';
import { algorithmNumbers } from './compiled-map.js';
import { ruleOperations } from './compiled-rule.js';
import { bucketIdMin, classIdMax, deviceIdMax, int32Max, ruleIdMax, typeIdMax } from './limits.js';
import { shadowName } from './shadow-trees.js';
import { treeItemCountMax, treeLeaf, treeNodeCount, treeNodeWeights } from './tree-nodes.js';
import { tunablesProfiles } from './tunables.js';
import type {
  Bucket,
  BucketAlgorithm,
  BucketChooseArgs,
  BucketItem,
  ChooseArgs,
  CrushMap,
  Device,
  Rule,
  RuleStep,
  Tunables,
} from './types.js';

/**
 * Reads a binary map of any release. Throws only `PARSE_ERROR`, with the byte offset in the message and in
 * `details.offset`. Every count is checked against the bytes that are left before anything is allocated. As in Ceph,
 * choose_args of buckets that are gone or are not straw2 are dropped: nothing would read them.
 */
export function decodeCrushBinary(bytes: Uint8Array): CrushMap {
  return new Decoder(bytes).decode();
}

/** A later release may append fields that are not known here; more than this is not a map but something else. */
const unknownTailBytesMax = 64;

const algorithmOf = new Map<number, BucketAlgorithm>(
  (['uniform', 'list', 'tree', 'straw', 'straw2'] as const).map((name) => [algorithmNumbers[name], name]),
);

const namePattern = /^[\x21-\x7e]+$/;

interface RawBucket {
  readonly offset: number;
  readonly id: number;
  readonly type: number;
  readonly algorithm: BucketAlgorithm;
  readonly items: readonly BucketItem[];
  readonly straws: readonly number[];
  /** Of a tree whose nodes are not the sums of its items. */
  readonly nodeWeights: readonly number[] | undefined;
}

class Decoder {
  readonly #in: Reader;
  readonly #raw = new Map<number, RawBucket>();

  constructor(bytes: Uint8Array) {
    this.#in = new Reader(bytes);
    if (!isCrushBinary(bytes)) throw this.#in.error('expected the magic number of a CRUSH map', 0);
  }

  decode(): CrushMap {
    const magic = this.#in.u32('the magic number');
    if (magic !== binaryMagic) throw this.#in.error('expected the magic number of a CRUSH map', 0);
    const bucketSlots = this.#in.count('bucket slots', 4, -bucketIdMin);
    const ruleSlots = this.#in.count('rule slots', 4, ruleIdMax + 1);
    this.#in.u32('the number of devices'); // Found anew from the devices themselves.
    for (let index = 0; index < bucketSlots; index += 1) this.#bucket(-1 - index);
    this.#checkItems();
    const rules = new Map<number, Rule>();
    for (let id = 0; id < ruleSlots; id += 1) {
      const rule = this.#rule(id);
      if (rule !== undefined) rules.set(id, rule);
    }
    const types = this.#names('type', 0, typeIdMax);
    const names = this.#names('item', bucketIdMin, deviceIdMax);
    for (const [id, name] of this.#names('rule', 0, ruleIdMax)) {
      const rule = rules.get(id);
      if (rule !== undefined) rules.set(id, { ...rule, name });
    }
    const tunables = this.#tunables();
    const { classes, classOf, shadowOf } = this.#classes();
    const buckets = this.#buckets(names, classes, shadowOf);
    const devices = devicesOf(names, classes, classOf);
    const chooseArgs = this.#chooseArgs();
    this.#in.skipTail();
    return { tunables, devices, types, classes, buckets, rules, chooseArgs };
  }

  #bucket(slot: number): void {
    const offset = this.#in.offset;
    const number = this.#in.u32('a bucket algorithm');
    if (number === 0) return;
    const algorithm = algorithmOf.get(number);
    if (algorithm === undefined) throw this.#in.error(`expected a bucket algorithm, 0 to 5, found ${number}`, offset);
    const id = this.#in.s32('a bucket id');
    if (id !== slot) throw this.#in.error(`expected bucket id ${slot}, found ${id}`, offset + 4);
    const type = this.#in.u16('a bucket type');
    if (type === 0) throw this.#in.error('expected a bucket type of 1 or more, found 0', offset + 8);
    const again = this.#in.u8('a bucket algorithm');
    if (again !== number) throw this.#in.error(`expected algorithm ${number} once more, found ${again}`, offset + 10);
    const hash = this.#in.u8('a hash');
    if (hash !== 0) throw this.#in.error(`expected hash 0 (rjenkins1), found ${hash}`, offset + 11);
    this.#in.u32('a bucket weight'); // The sum of the items' weights.
    const size = this.#in.count('items', 4);
    const ids = Array.from({ length: size }, () => this.#in.s32('an item'));
    const { weights, straws, nodeWeights } = this.#weights(algorithm, size);
    const items = ids.map((item, index) => ({ id: item, weight: weights[index] ?? 0 }));
    this.#raw.set(id, { offset, id, type, algorithm, items, straws, nodeWeights });
  }

  #weights(
    algorithm: BucketAlgorithm,
    size: number,
  ): Pick<RawBucket, 'straws' | 'nodeWeights'> & { weights: number[] } {
    let nodeWeights: number[] | undefined;
    const weights: number[] = [];
    const straws: number[] = [];
    switch (algorithm) {
      case 'uniform': {
        const weight = this.#in.u32('the weight of the items');
        for (let i = 0; i < size; i += 1) weights.push(weight);
        break;
      }
      case 'list':
        for (let i = 0; i < size; i += 1) {
          weights.push(this.#in.u32('an item weight'));
          this.#in.u32('a sum of weights'); // Follows from the weights.
        }
        break;
      case 'tree': {
        const nodes = this.#treeNodes(size);
        for (let i = 0; i < size; i += 1) weights.push(nodes[treeLeaf(i)] ?? 0);
        const sums = treeNodeWeights(weights);
        if (nodes.length !== sums.length || nodes.some((weight, node) => weight !== sums[node])) nodeWeights = nodes;
        break;
      }
      case 'straw':
        for (let i = 0; i < size; i += 1) {
          weights.push(this.#in.u32('an item weight'));
          straws.push(this.#in.u32('a straw length'));
        }
        break;
      case 'straw2':
        for (let i = 0; i < size; i += 1) weights.push(this.#in.u32('an item weight'));
        break;
    }
    return { weights, straws, nodeWeights };
  }

  #treeNodes(size: number): number[] {
    const offset = this.#in.offset;
    const count = this.#in.u8('the number of tree nodes');
    const isPower = (count & (count - 1)) === 0;
    if (size > treeItemCountMax || count < treeNodeCount(size) || !isPower) {
      const least = treeNodeCount(size);
      throw this.#in.error(`expected a power of two from ${least} to 128 tree nodes, found ${count}`, offset);
    }
    return Array.from({ length: count }, () => this.#in.u32('a tree node'));
  }

  /** Items must exist, and no bucket may contain itself: what walks a map relies on both. */
  #checkItems(): void {
    for (const { offset, items } of this.#raw.values()) {
      for (const { id } of items) {
        if (id < 0 ? this.#raw.has(id) : id <= deviceIdMax) continue;
        throw this.#in.error(`this bucket holds item ${id}, which is neither a bucket of the map nor a device`, offset);
      }
    }
    const state = new Map<number, 'open' | 'done'>();
    for (const start of this.#raw.keys()) {
      const open = [{ id: start, next: 0 }];
      for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
        const bucket = this.#raw.get(top.id);
        const child = state.get(top.id) === 'done' ? undefined : bucket?.items[top.next]?.id;
        top.next += 1;
        if (child === undefined) {
          state.set(top.id, 'done');
          open.pop();
          continue;
        }
        state.set(top.id, 'open');
        if (child >= 0 || state.get(child) === 'done') continue;
        if (state.get(child) === 'open') {
          throw this.#in.error(`this bucket contains bucket ${child}, which contains it`, bucket?.offset);
        }
        open.push({ id: child, next: 0 });
      }
    }
  }

  #rule(slot: number): Rule | undefined {
    const offset = this.#in.offset;
    const present = this.#in.u32('whether a rule exists');
    if (present === 0) return undefined;
    if (present !== 1) throw this.#in.error(`expected 0 or 1 before a rule, found ${present}`, offset);
    const length = this.#in.count('steps', 12);
    const id = this.#in.u8('the rule set');
    if (id !== slot) {
      throw this.#in.error(`rule ${slot} belongs to rule set ${id}; renumber it with Ceph 12 to 16 first`, offset + 8);
    }
    const type = this.#in.u8('the type of the rule');
    const minSize = this.#in.u8('min_size');
    const maxSize = this.#in.u8('max_size');
    const steps = Array.from({ length }, () => this.#step());
    return { id, name: '', type, minSize, maxSize, steps };
  }

  #step(): RuleStep {
    const offset = this.#in.offset;
    const number = this.#in.u32('a step');
    const first = this.#in.s32('the first argument of a step');
    const second = this.#in.s32('the second argument of a step');
    const step = stepOf(number, first, second);
    if (step === undefined) throw this.#in.error(`step ${number} is not known; this map needs a later version`, offset);
    if (step.op === 'take' && (first < 0 ? !this.#raw.has(first) : first > deviceIdMax)) {
      throw this.#in.error(`a rule takes item ${first}, which does not exist`, offset + 4);
    }
    if ('type' in step && (step.type < 0 || step.type > typeIdMax)) {
      throw this.#in.error(`expected a type, 0 to ${typeIdMax}, found ${step.type}`, offset + 8);
    }
    return step;
  }

  /** Old encoders wrote keys of 64 bits. A name is never empty, so a length of 0 is the upper half of such a key. */
  #names(what: string, min: number, max: number): Map<number, string> {
    const names = new Map<number, string>();
    const count = this.#in.count(`${what} names`, 8);
    for (let i = 0; i < count; i += 1) {
      const offset = this.#in.offset;
      const id = this.#in.s32(`the number of a ${what}`);
      if (id < min || id > max) throw this.#in.error(`expected a ${what} from ${min} to ${max}, found ${id}`, offset);
      let length = this.#in.count('letters', 1);
      if (length === 0) length = this.#in.count('letters', 1);
      names.set(id, this.#in.name(length));
    }
    return names;
  }

  #tunables(): Tunables {
    const { legacy } = tunablesProfiles;
    const input = this.#in;
    if (input.atEnd) return legacy;
    const first = {
      chooseLocalTries: input.u31('choose_local_tries'),
      chooseLocalFallbackTries: input.u31('choose_local_fallback_tries'),
      chooseTotalTries: input.u31('choose_total_tries'),
    };
    return {
      ...first,
      chooseleafDescendOnce: input.atEnd ? legacy.chooseleafDescendOnce : input.u31('chooseleaf_descend_once'),
      chooseleafVaryR: input.atEnd ? legacy.chooseleafVaryR : input.u8('chooseleaf_vary_r'),
      strawCalcVersion: input.atEnd ? legacy.strawCalcVersion : input.u8('straw_calc_version'),
      allowedBucketAlgs: input.atEnd ? legacy.allowedBucketAlgs : input.u31('allowed_bucket_algs'),
      chooseleafStable: input.atEnd ? legacy.chooseleafStable : input.u8('chooseleaf_stable'),
    };
  }

  #classes(): { classes: Map<number, string>; classOf: Map<number, number>; shadowOf: Map<number, [number, number]> } {
    const classOf = new Map<number, number>();
    const shadowOf = new Map<number, [number, number]>();
    if (this.#in.atEnd) return { classes: new Map(), classOf, shadowOf };
    const count = this.#in.count('classes of items', 8);
    for (let i = 0; i < count; i += 1) {
      const id = this.#in.s32('an item');
      classOf.set(id, this.#in.s32('the class of an item'));
    }
    const classes = this.#names('class', 0, classIdMax);
    const buckets = this.#in.count('buckets with classes', 8);
    for (let i = 0; i < buckets; i += 1) {
      const original = this.#in.s32('a bucket');
      const shadows = this.#in.count('shadow buckets', 8);
      for (let j = 0; j < shadows; j += 1) {
        const number = this.#in.s32('a class');
        const offset = this.#in.offset;
        const shadow = this.#in.s32('a shadow bucket');
        if (shadowOf.has(shadow)) throw this.#in.error(`bucket ${shadow} is the shadow of two buckets`, offset);
        shadowOf.set(shadow, [original, number]);
      }
    }
    return { classes, classOf, shadowOf };
  }

  #buckets(
    names: ReadonlyMap<number, string>,
    classes: ReadonlyMap<number, string>,
    shadowOf: ReadonlyMap<number, readonly [number, number]>,
  ): Map<number, Bucket> {
    const buckets = new Map<number, Bucket>();
    for (const { id, type, algorithm, items, straws, nodeWeights } of this.#raw.values()) {
      const name = names.get(id) ?? '';
      const [of, number] = shadowOf.get(id) ?? [0, -1];
      const deviceClass = classes.get(number);
      const original = names.get(of);
      // The name says it too. Where they disagree a hand has been at the map, and the bucket is taken for a plain one.
      const isShadow = deviceClass !== undefined && original !== undefined && this.#raw.has(of);
      const shadow = isShadow && name === shadowName(original, deviceClass) ? { shadow: { of, deviceClass } } : {};
      const base = { id, name, type, items, ...shadow };
      if (algorithm === 'straw') buckets.set(id, { ...base, algorithm, straws });
      else if (algorithm === 'tree' && nodeWeights !== undefined) buckets.set(id, { ...base, algorithm, nodeWeights });
      else buckets.set(id, { ...base, algorithm });
    }
    return buckets;
  }

  #chooseArgs(): Map<bigint, ChooseArgs> {
    const all = new Map<bigint, ChooseArgs>();
    if (this.#in.atEnd) return all;
    const count = this.#in.count('sets of choose_args', 12);
    for (let i = 0; i < count; i += 1) {
      const name = this.#in.s64('the name of choose_args');
      const buckets = this.#in.count('buckets of choose_args', 12);
      const args = new Map<number, BucketChooseArgs>();
      for (let j = 0; j < buckets; j += 1) {
        const one = this.#bucketArgs();
        if (one !== undefined) args.set(one.bucket, one);
      }
      all.set(name, args);
    }
    return all;
  }

  #bucketArgs(): BucketChooseArgs | undefined {
    const offset = this.#in.offset;
    const index = this.#in.u32('a bucket index');
    if (index >= -bucketIdMin) throw this.#in.error(`expected a bucket index, found ${index}`, offset);
    const bucket = this.#raw.get(-1 - index);
    const positions = this.#in.count('positions of a weight-set', 4);
    const weightSet = Array.from({ length: positions }, () => {
      const size = this.#in.count('weights', 4);
      return Array.from({ length: size }, () => this.#in.u32('a weight'));
    });
    const idsOffset = this.#in.offset;
    const idCount = this.#in.count('ids', 4);
    const ids = Array.from({ length: idCount }, () => this.#in.s32('an id'));
    if (bucket === undefined || bucket.algorithm !== 'straw2') return undefined;
    const size = bucket.items.length;
    if (idCount !== 0 && idCount !== size) throw this.#in.error(`expected ${size} ids, found ${idCount}`, idsOffset);
    if (weightSet.some((weights) => weights.length !== size)) {
      throw this.#in.error(`expected ${size} weights in each position of bucket ${bucket.id}`, offset);
    }
    if (positions === 0 && idCount === 0) return undefined;
    return { bucket: bucket.id, weightSet, ...(idCount === 0 ? {} : { ids }) };
  }
}

function devicesOf(
  names: ReadonlyMap<number, string>,
  classes: ReadonlyMap<number, string>,
  classOf: ReadonlyMap<number, number>,
): Map<number, Device> {
  const devices = new Map<number, Device>();
  for (const [id, name] of names) {
    if (id < 0) continue;
    const deviceClass = classes.get(classOf.get(id) ?? -1);
    devices.set(id, deviceClass === undefined ? { id, name } : { id, name, deviceClass });
  }
  return devices;
}

const stepOps = new Map<number, RuleStep['op']>(
  (Object.keys(ruleOperations) as RuleStep['op'][]).map((op) => [ruleOperations[op], op]),
);

function stepOf(number: number, first: number, second: number): RuleStep | undefined {
  const op = stepOps.get(number);
  switch (op) {
    case undefined:
      return undefined;
    case 'noop':
    case 'emit':
      return { op };
    case 'take':
      return { op, item: first };
    case 'choose-firstn':
    case 'choose-indep':
    case 'chooseleaf-firstn':
    case 'chooseleaf-indep':
      return { op, count: first, type: second };
    case 'set-choose-tries':
    case 'set-chooseleaf-tries':
    case 'set-choose-local-tries':
    case 'set-choose-local-fallback-tries':
    case 'set-chooseleaf-vary-r':
    case 'set-chooseleaf-stable':
      return { op, value: first };
  }
}

/** Little-endian numbers that are checked to be there, with the place in every error. */
class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = viewBuffer(bytes);
  }

  get offset(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at === this.#buffer.byteLength;
  }

  u8(what: string): number {
    return this.#buffer.readUInt8(this.#advance(1, what));
  }

  u16(what: string): number {
    return this.#buffer.readUInt16LE(this.#advance(2, what));
  }

  u32(what: string): number {
    return this.#buffer.readUInt32LE(this.#advance(4, what));
  }

  s32(what: string): number {
    return this.#buffer.readInt32LE(this.#advance(4, what));
  }

  s64(what: string): bigint {
    return this.#buffer.readBigInt64LE(this.#advance(8, what));
  }

  u31(what: string): number {
    const offset = this.#at;
    const value = this.u32(what);
    if (value > int32Max) throw this.error(`expected ${what}, 0 to ${int32Max}, found ${value}`, offset);
    return value;
  }

  /** A count of things of at least `bytesEach`, which must still fit into what is left. */
  count(what: string, bytesEach: number, max = Number.POSITIVE_INFINITY): number {
    const offset = this.#at;
    const count = this.u32(`the number of ${what}`);
    if (count > max) throw this.error(`expected at most ${max} ${what}, found ${count}`, offset);
    const left = this.#buffer.byteLength - this.#at;
    if (count * bytesEach > left) throw this.error(`${count} ${what} do not fit into the ${left} bytes left`, offset);
    return count;
  }

  name(length: number): string {
    const offset = this.#advance(length, 'a name');
    const name = latin1Text(this.#buffer.subarray(offset, offset + length));
    if (!namePattern.test(name)) throw this.error('expected a name of printable ASCII letters without spaces', offset);
    return name;
  }

  skipTail(): void {
    const left = this.#buffer.byteLength - this.#at;
    if (left > unknownTailBytesMax) throw this.error(`${left} bytes follow the map; cut them off`, this.#at);
    this.#at += left;
  }

  error(message: string, offset = this.#at): CairnError {
    return new CairnError('PARSE_ERROR', `byte ${offset}: ${message}`, { details: { offset } });
  }

  #advance(count: number, what: string): number {
    const at = this.#at;
    if (at + count > this.#buffer.byteLength)
      throw this.error(`the map ends where ${what} should stand; it was cut off`);
    this.#at += count;
    return at;
  }
}
