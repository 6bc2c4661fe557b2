/**
 * A map while it is being edited. Edits change plain buckets, devices and rules through the methods here, which keep
 * weights, straws and choose_args in step; `finish` builds the shadow trees anew, as Ceph does after every change.
 *
 * Where Ceph's own bookkeeping loses data we keep it: a bucket that moves takes its weight-set weights along (Ceph gives
 * it 0), and every position of a shadow's weight-set adds up (Ceph fills in the last one only).
 */
import { CairnError } from '../../base/errors.js';
import { bucketIdMin, bucketWeightMax, shadowCostMax } from '../limits.js';
import {
  type ShadowIds,
  bucketWeight,
  buildShadowTrees,
  shadowCost,
  shadowChooseArgs,
  shadowIdsOf,
  withItems,
} from '../shadow-trees.js';
import { treeItemCountMax } from '../tree-nodes.js';
import type { Bucket, BucketAlgorithm, BucketChooseArgs, BucketItem, CrushMap, Device, Rule } from '../types.js';

export class Draft {
  readonly devices: Map<number, Device>;
  readonly classes: Map<number, string>;
  readonly rules: Map<number, Rule>;
  readonly types: ReadonlyMap<number, string>;
  readonly #tunables: CrushMap['tunables'];
  /** Without shadows. */
  readonly #buckets: Map<number, Bucket>;
  readonly #chooseArgs: Map<bigint, Map<number, BucketChooseArgs>>;
  readonly #shadowIds: ShadowIds;
  /** Shadows by id, for the rules that take them. */
  readonly #oldShadows: ReadonlyMap<number, Bucket>;

  constructor(map: CrushMap) {
    this.devices = new Map(map.devices);
    this.classes = new Map(map.classes);
    this.rules = new Map(map.rules);
    this.types = map.types;
    this.#tunables = map.tunables;
    this.#buckets = new Map([...map.buckets].filter(([, bucket]) => bucket.shadow === undefined));
    this.#oldShadows = new Map([...map.buckets].filter(([, bucket]) => bucket.shadow !== undefined));
    this.#chooseArgs = new Map([...map.chooseArgs].map(([name, args]) => [name, new Map(args)]));
    this.#shadowIds = shadowIdsOf(map);
  }

  /** Plain buckets only. */
  bucket(id: number): Bucket | undefined {
    return this.#buckets.get(id);
  }

  /** A device's or plain bucket's id. */
  idOf(name: string): number | undefined {
    for (const bucket of this.#buckets.values()) if (bucket.name === name) return bucket.id;
    for (const device of this.devices.values()) if (device.name === name) return device.id;
    return undefined;
  }

  /** Throws `NOT_FOUND` unless `name` is a plain bucket. */
  bucketNamed(name: string): Bucket {
    const bucket = this.#buckets.get(this.idOf(name) ?? 0);
    if (bucket !== undefined) return bucket;
    throw new CairnError('NOT_FOUND', `no bucket is called ${name}; \`cairn crush tree\` lists them`);
  }

  /** Throws `NOT_FOUND` unless `name` is a device. */
  deviceNamed(name: string): Device {
    const device = this.devices.get(this.idOf(name) ?? -1);
    if (device !== undefined) return device;
    throw new CairnError('NOT_FOUND', `no device is called ${name}; \`cairn crush tree\` lists them`);
  }

  parentsOf(item: number): Bucket[] {
    return [...this.#buckets.values()].filter(({ items }) => items.some(({ id }) => id === item));
  }

  /** What the first bucket that holds it gives it, 16.16; `undefined` when it stands nowhere. */
  weightOf(item: number): number | undefined {
    return this.parentsOf(item)[0]?.items.find(({ id }) => id === item)?.weight;
  }

  /** Whether `item` is `top` or stands anywhere below it. */
  contains(top: number, item: number): boolean {
    const open = [top];
    const seen = new Set<number>();
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (id === item) return true;
      if (seen.has(id)) continue;
      seen.add(id);
      for (const child of this.#buckets.get(id)?.items ?? []) open.push(child.id);
    }
    return false;
  }

  /** Names of the rules that start from `item`, or from one of its shadows. */
  rulesThatTake(item: number): string[] {
    const takes = (taken: number): boolean => taken === item || this.#oldShadows.get(taken)?.shadow?.of === item;
    return [...this.rules.values()]
      .filter(({ steps }) => steps.some((step) => step.op === 'take' && takes(step.item)))
      .map(({ name, id }) => (name === '' ? `rule ${id}` : name));
  }

  /** The shadow of `bucket` for a class, when the map has one already. */
  shadowOf(bucket: number, deviceClass: string): number | undefined {
    for (const { id, shadow } of this.#oldShadows.values()) {
      if (shadow?.of === bucket && shadow.deviceClass === deviceClass) return id;
    }
    return undefined;
  }

  /** An empty bucket with the first free id. */
  createBucket(name: string, type: number, algorithm: BucketAlgorithm = this.#defaultAlgorithm()): Bucket {
    let id = -1;
    while (this.#buckets.has(id) || this.#oldShadows.has(id)) id -= 1;
    if (id < bucketIdMin) throw new CairnError('CONFLICT', `the map has ${-bucketIdMin} buckets; remove some first`);
    const base = { id, name, type, items: [] };
    const bucket: Bucket = algorithm === 'straw' ? { ...base, algorithm, straws: [] } : { ...base, algorithm };
    this.#buckets.set(id, bucket);
    if (algorithm === 'straw2') this.#startWeightSets(id);
    return bucket;
  }

  /** The best that the tunable `allowed_bucket_algs` permits. */
  #defaultAlgorithm(): BucketAlgorithm {
    const allowed = this.#tunables.allowedBucketAlgs;
    if ((allowed & (1 << 5)) !== 0) return 'straw2';
    if ((allowed & (1 << 4)) !== 0) return 'straw';
    if ((allowed & (1 << 3)) !== 0) return 'tree';
    if ((allowed & (1 << 2)) !== 0) return 'list';
    if ((allowed & (1 << 1)) !== 0) return 'uniform';
    throw new CairnError('CONFLICT', 'the tunable allowed_bucket_algs permits no bucket at all; set it to 54');
  }

  /** As many positions as the set's other buckets have, so that what is put into the bucket gets a weight there. */
  #startWeightSets(bucket: number): void {
    for (const args of this.#chooseArgs.values()) {
      let positions = 0;
      for (const { weightSet } of args.values()) positions = Math.max(positions, weightSet.length);
      if (positions > 0) args.set(bucket, { bucket, weightSet: Array.from({ length: positions }, () => []) });
    }
  }

  renameBucket(id: number, name: string): void {
    const bucket = this.#buckets.get(id);
    if (bucket !== undefined) this.#buckets.set(id, { ...bucket, name });
  }

  /** The bucket must be empty and stand nowhere. */
  dropBucket(id: number): void {
    this.#buckets.delete(id);
    for (const args of this.#chooseArgs.values()) args.delete(id);
  }

  /** Appends `item` to bucket `parent` and carries the weight up. Throws `CONFLICT` where the bucket cannot take it. */
  link(parent: number, item: number, weight: number): void {
    const bucket = this.#plain(parent);
    if (bucket.algorithm === 'tree' && bucket.items.length >= treeItemCountMax) {
      throw new CairnError('CONFLICT', `tree bucket ${bucket.name} is full; put the item elsewhere, or use straw2`);
    }
    this.#setItems(bucket, [...bucket.items, { id: item, weight }]);
    for (const [name, args] of this.#chooseArgs) {
      const one = args.get(parent);
      if (one === undefined) continue;
      const sums = this.#weightSetSums(name, item);
      args.set(parent, {
        ...one,
        weightSet: one.weightSet.map((weights, position) => [...weights, sums?.[position] ?? weight]),
        ...(one.ids === undefined ? {} : { ids: [...one.ids, item] }),
      });
    }
    this.#carryUp(parent);
  }

  /** Takes `item` out of every bucket and carries the weight up. */
  unlink(item: number): void {
    // By id: carrying the weight up from one of them may change another.
    for (const { id: parent } of this.parentsOf(item)) {
      const bucket = this.#plain(parent);
      const keep = bucket.items.map(({ id }) => id !== item);
      this.#setItems(
        bucket,
        bucket.items.filter((_, index) => keep[index]),
      );
      for (const args of this.#chooseArgs.values()) {
        const one = args.get(bucket.id);
        if (one === undefined) continue;
        const kept = <T>(values: readonly T[]): T[] => values.filter((_, index) => keep[index]);
        args.set(bucket.id, {
          ...one,
          weightSet: one.weightSet.map(kept),
          ...(one.ids === undefined ? {} : { ids: kept(one.ids) }),
        });
      }
      this.#carryUp(bucket.id);
    }
  }

  /** Gives a device its weight wherever it stands, in the weight-sets too. */
  reweight(device: number, weight: number): void {
    for (const { id: parent } of this.parentsOf(device)) {
      const bucket = this.#plain(parent);
      this.#setItemWeight(bucket, device, weight);
      for (const args of this.#chooseArgs.values()) this.#setWeightSet(args, bucket, device, () => weight);
      this.#carryUp(bucket.id);
    }
  }

  /** The number of a class, a new one if need be. */
  addClass(name: string): void {
    let last = -1;
    for (const [number, known] of this.classes) {
      if (known === name) return;
      last = Math.max(last, number);
    }
    this.classes.set(last + 1, name);
  }

  /**
   * Drops classes that no device has and no rule takes, and builds the shadow trees. Throws `CONFLICT` when a rule takes
   * a shadow that cannot be built any more.
   */
  finish(): CrushMap {
    this.#dropDeadClasses();
    if (shadowCost(this.#buckets, this.classes.size) > shadowCostMax) {
      throw new CairnError('CONFLICT', `${this.classes.size} device classes are too many for this map; use fewer`);
    }
    const deviceClasses = new Map<number, string>();
    for (const { id, deviceClass } of this.devices.values()) {
      if (deviceClass !== undefined) deviceClasses.set(id, deviceClass);
    }
    const { buckets: shadows, stoppedAt } = buildShadowTrees({
      tunables: this.#tunables,
      classes: this.classes,
      deviceClasses,
      buckets: this.#buckets,
      shadowIds: this.#shadowIds,
    });
    const buckets = new Map([...this.#buckets, ...shadows.map((bucket) => [bucket.id, bucket] as const)]);
    this.#checkTakes(buckets, stoppedAt);
    const chooseArgs = new Map(
      [...this.#chooseArgs].map(([name, args]) => [name, shadowChooseArgs(args, shadows, this.#buckets)]),
    );
    const { devices, types, classes, rules } = this;
    return { tunables: this.#tunables, devices, types, classes, buckets, rules, chooseArgs };
  }

  #dropDeadClasses(): void {
    const alive = new Set<string>();
    for (const { deviceClass } of this.devices.values()) if (deviceClass !== undefined) alive.add(deviceClass);
    for (const { steps } of this.rules.values()) {
      for (const step of steps) {
        const shadow = step.op === 'take' ? this.#oldShadows.get(step.item)?.shadow : undefined;
        if (shadow !== undefined) alive.add(shadow.deviceClass);
      }
    }
    for (const [number, name] of this.classes) if (!alive.has(name)) this.classes.delete(number);
  }

  #checkTakes(buckets: ReadonlyMap<number, Bucket>, stoppedAt: Bucket | undefined): void {
    for (const { name, steps } of this.rules.values()) {
      for (const step of steps) {
        if (step.op !== 'take' || step.item >= 0 || buckets.has(step.item)) continue;
        const lost = this.#oldShadows.get(step.item)?.name ?? String(step.item);
        const why = stoppedAt === undefined ? 'is gone' : `cannot be built past the uniform bucket ${stoppedAt.name}`;
        throw new CairnError('CONFLICT', `rule ${name} takes ${lost}, which ${why}; change or remove the rule first`);
      }
    }
  }

  #plain(id: number): Bucket {
    const bucket = this.#buckets.get(id);
    if (bucket !== undefined) return bucket;
    throw new CairnError('NOT_FOUND', `the map has no bucket ${id}; \`cairn crush tree\` lists them`);
  }

  #setItems(bucket: Bucket, items: readonly BucketItem[]): void {
    const total = items.reduce((sum, { weight }) => sum + weight, 0);
    if (total > bucketWeightMax) {
      throw new CairnError('CONFLICT', `bucket ${bucket.name} would weigh more than 65535; choose smaller weights`);
    }
    if (bucket.algorithm === 'uniform' && items.some(({ weight }) => weight !== items[0]?.weight)) {
      throw new CairnError(
        'CONFLICT',
        `the items of uniform bucket ${bucket.name} must weigh the same; choose equal weights, or use straw2`,
      );
    }
    this.#buckets.set(bucket.id, withItems(bucket, items, this.#tunables));
  }

  #setItemWeight(bucket: Bucket, item: number, weight: number): void {
    this.#setItems(
      bucket,
      bucket.items.map((one) => (one.id === item ? { id: item, weight } : one)),
    );
  }

  #setWeightSet(
    args: Map<number, BucketChooseArgs>,
    bucket: Bucket,
    item: number,
    weightAt: (position: number) => number,
  ): void {
    const one = args.get(bucket.id);
    if (one === undefined || one.weightSet.length === 0) return;
    const weightSet = one.weightSet.map((weights, position) =>
      weights.map((weight, index) => (bucket.items[index]?.id === item ? weightAt(position) : weight)),
    );
    args.set(bucket.id, { ...one, weightSet });
  }

  /** A bucket's weight in each position of a weight-set, if it has one of its own. */
  #weightSetSums(name: bigint, item: number): number[] | undefined {
    const weightSet = this.#chooseArgs.get(name)?.get(item)?.weightSet;
    if (weightSet === undefined || weightSet.length === 0) return undefined;
    return weightSet.map((weights) => weights.reduce((sum, weight) => (sum + weight) >>> 0, 0));
  }

  /** Tells all buckets above one what it weighs now, each after those below it. */
  #carryUp(changed: number): void {
    for (const id of this.#upwardsFrom(changed)) {
      const weight = bucketWeight(this.#plain(id).items);
      for (const parent of this.parentsOf(id)) {
        this.#setItemWeight(parent, id, weight);
        for (const [name, args] of this.#chooseArgs) {
          const sums = this.#weightSetSums(name, id);
          if (sums !== undefined) this.#setWeightSet(args, parent, id, (position) => sums[position] ?? 0);
        }
      }
    }
  }

  /**
   * The bucket and all above it, children before parents. A bucket may stand in several places, and following each way
   * up for itself would take time exponential in the depth.
   */
  #upwardsFrom(start: number): number[] {
    const parentsFirst: number[] = [];
    const seen = new Set([start]);
    const open = [{ id: start, parents: this.parentsOf(start) }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const parent = top.parents.pop();
      if (parent === undefined) {
        parentsFirst.push(top.id);
        open.pop();
      } else if (!seen.has(parent.id)) {
        seen.add(parent.id);
        open.push({ id: parent.id, parents: this.parentsOf(parent.id) });
      }
    }
    return parentsFirst.reverse();
  }
}
