/**
 * Shadow trees: for each device class and each root, a copy of the tree that holds only the devices of that class, so
 * that `step take default class ssd` is an ordinary take of the bucket `default~ssd`.
 *
 * Their ids enter the hash, so they are chosen exactly as Ceph chooses them: roots by ascending id, classes by number,
 * depth first, children before their parent; an id that the bucket had before is kept, else the first free one below
 * zero, where the ids of all shadows that ever stood there count as taken.
 */
import { strawLengths } from './straw-lengths.js';
import type { Bucket, BucketItem, ChooseArgs, CrushMap, Tunables } from './types.js';

/** bucket id -> class number -> id of its shadow. */
export type ShadowIds = ReadonlyMap<number, ReadonlyMap<number, number>>;

export interface ShadowTreesInput {
  readonly tunables: Tunables;
  readonly classes: ReadonlyMap<number, string>;
  /** Class of each device that has one. */
  readonly deviceClasses: ReadonlyMap<number, string>;
  /** Without shadows, and without cycles. */
  readonly buckets: ReadonlyMap<number, Bucket>;
  /** Where each shadow stood before, or is asked to stand. */
  readonly shadowIds: ShadowIds;
}

export interface ShadowTrees {
  readonly buckets: readonly Bucket[];
  /**
   * The bucket at which Ceph gives up, and with it all trees that would have followed: it cannot copy a uniform bucket
   * that holds devices of the class.
   */
  readonly stoppedAt?: Bucket;
}

export function shadowName(name: string, deviceClass: string): string {
  return `${name}~${deviceClass}`;
}

/** Sum of the item weights, as Ceph keeps it in each bucket: 32 bits. */
export function bucketWeight(items: readonly BucketItem[]): number {
  let sum = 0;
  for (const item of items) sum += item.weight;
  return sum >>> 0;
}

/** The same bucket with other items: straws are found anew, and the nodes of a tree are the sums of its items. */
export function withItems(bucket: Bucket, items: readonly BucketItem[], tunables: Tunables): Bucket {
  if (bucket.algorithm === 'tree') {
    const { id, name, type, algorithm, shadow } = bucket;
    return { id, name, type, algorithm, items, ...(shadow === undefined ? {} : { shadow }) };
  }
  if (bucket.algorithm !== 'straw') return { ...bucket, items };
  const weights = items.map((item) => item.weight);
  return { ...bucket, items, straws: strawLengths(weights, tunables.strawCalcVersion) };
}

/** Buckets that no other bucket of the same kind (shadow or not) contains, by ascending id. */
export function rootIds(buckets: ReadonlyMap<number, Bucket>): number[] {
  const contained = new Set<number>();
  for (const bucket of buckets.values()) for (const item of bucket.items) contained.add(item.id);
  return [...buckets.keys()].filter((id) => !contained.has(id)).sort((a, b) => a - b);
}

/** Which shadow each bucket of `map` has, by class number. */
export function shadowIdsOf(map: Pick<CrushMap, 'buckets' | 'classes'>): ShadowIds {
  const numbers = new Map<string, number>([...map.classes].map(([number, name]) => [name, number]));
  const ids = new Map<number, Map<number, number>>();
  for (const bucket of map.buckets.values()) {
    if (bucket.shadow === undefined) continue;
    const number = numbers.get(bucket.shadow.deviceClass);
    if (number === undefined) continue;
    const ofBucket = ids.get(bucket.shadow.of) ?? new Map<number, number>();
    ids.set(bucket.shadow.of, ofBucket.set(number, bucket.id));
  }
  return ids;
}

/** What the shadow trees cost in time and memory; above `shadowCostMax` they are refused. */
export function shadowCost(buckets: ReadonlyMap<number, Bucket>, classCount: number): number {
  let cost = 0;
  for (const { items } of buckets.values()) cost += 1 + items.length;
  return cost * classCount;
}

/** Builds all shadow buckets. Linear in buckets times classes; depth of the tree costs no stack. */
export function buildShadowTrees(input: ShadowTreesInput): ShadowTrees {
  return new Builder(input).build();
}

class Builder {
  readonly #input: ShadowTreesInput;
  readonly #classes: readonly (readonly [number, string])[];
  readonly #taken: Set<number>;
  readonly #shadows: Bucket[] = [];
  /** Shadows of the class at hand, by the id of their original. */
  #ofClass = new Map<number, Bucket>();
  readonly #byClass = new Map<number, Map<number, Bucket>>();
  #lowestTried = 0;

  constructor(input: ShadowTreesInput) {
    this.#input = input;
    this.#classes = [...input.classes].sort(([a], [b]) => a - b);
    this.#taken = new Set(input.buckets.keys());
    for (const ids of input.shadowIds.values()) for (const id of ids.values()) this.#taken.add(id);
  }

  build(): ShadowTrees {
    for (const root of rootIds(this.#input.buckets)) {
      for (const [number, name] of this.#classes) {
        this.#ofClass = this.#byClass.get(number) ?? new Map<number, Bucket>();
        this.#byClass.set(number, this.#ofClass);
        const stoppedAt = this.#tree(root, number, name);
        if (stoppedAt !== undefined) return { buckets: this.#shadows, stoppedAt };
      }
    }
    return { buckets: this.#shadows };
  }

  /** Depth first with a stack of its own: a hostile map may be deeper than the call stack. */
  #tree(root: number, number: number, name: string): Bucket | undefined {
    const open = [{ id: root, next: 0, added: 0 }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const original = this.#input.buckets.get(top.id);
      if (original === undefined || this.#ofClass.has(top.id)) {
        open.pop();
        continue;
      }
      while (top.next < original.items.length && !this.#needsVisit(original.items[top.next])) top.next += 1;
      const child = original.items[top.next];
      // Ceph adds item by item, so it fails at a uniform bucket before it turns to the children behind.
      if (original.algorithm === 'uniform') {
        const items = this.#itemsOfClass(original.items.slice(top.added, top.next), name);
        if (items.some((item) => item.weight !== 0)) return original;
        top.added = top.next;
      }
      if (child !== undefined) {
        top.next += 1;
        open.push({ id: child.id, next: 0, added: 0 });
        continue;
      }
      open.pop();
      this.#copy(original, number, name);
    }
    return undefined;
  }

  #needsVisit(item: BucketItem | undefined): boolean {
    return item !== undefined && item.id < 0 && !this.#ofClass.has(item.id);
  }

  /** What of these goes into a copy: devices of the class, and the shadows of buckets. */
  #itemsOfClass(originals: readonly BucketItem[], deviceClass: string): BucketItem[] {
    const items: BucketItem[] = [];
    for (const item of originals) {
      if (item.id >= 0) {
        if (this.#input.deviceClasses.get(item.id) === deviceClass) items.push(item);
      } else {
        const child = this.#ofClass.get(item.id);
        if (child !== undefined) items.push({ id: child.id, weight: bucketWeight(child.items) });
      }
    }
    return items;
  }

  #copy(original: Bucket, number: number, deviceClass: string): void {
    const items = this.#itemsOfClass(original.items, deviceClass);
    const copy = withItems(original, items, this.#input.tunables);
    const shadow: Bucket = {
      ...copy,
      id: this.#shadowId(original.id, number),
      name: shadowName(original.name, deviceClass),
      shadow: { of: original.id, deviceClass },
    };
    this.#ofClass.set(original.id, shadow);
    this.#shadows.push(shadow);
  }

  #shadowId(original: number, number: number): number {
    const before = this.#input.shadowIds.get(original)?.get(number);
    if (before !== undefined) return before;
    // Ids are only ever taken here, so the search goes on where it stopped.
    do this.#lowestTried -= 1;
    while (this.#taken.has(this.#lowestTried));
    this.#taken.add(this.#lowestTried);
    return this.#lowestTried;
  }
}

/** Per choose_args set and bucket: the sums of its weight-set, one per position. */
type WeightSums = Map<number, readonly number[]>;

/**
 * Weight-sets for the shadow buckets, as Ceph derives them whenever it rebuilds the trees: a device has the weight of the
 * original's set, a bucket the sum of its own set. `ids` are not carried over, as in Ceph.
 */
export function shadowChooseArgs(
  args: ChooseArgs,
  shadows: readonly Bucket[],
  originals: CrushMap['buckets'],
): ChooseArgs {
  const all = new Map([...args].filter(([bucket]) => originals.has(bucket)));
  const sums: WeightSums = new Map();
  for (const shadow of shadows) {
    const of = shadow.shadow === undefined ? undefined : originals.get(shadow.shadow.of);
    const originalSet = of === undefined ? undefined : all.get(of.id)?.weightSet;
    if (of === undefined || originalSet === undefined || originalSet.length === 0) continue;
    const origins = originalPositions(of, shadow);
    const weightSet = originalSet.map((weights, position) =>
      shadow.items.map(({ id }, i) => (id >= 0 ? (weights[origins[i] ?? 0] ?? 0) : (sums.get(id)?.[position] ?? 0))),
    );
    sums.set(
      shadow.id,
      weightSet.map((weights) => weights.reduce((sum, weight) => (sum + weight) >>> 0, 0)),
    );
    all.set(shadow.id, { bucket: shadow.id, weightSet });
  }
  return all;
}

/** For each item of a shadow its place in the original, found in one walk: the order is the same, some are missing. */
function originalPositions(original: Bucket, shadow: Bucket): number[] {
  let at = -1;
  return shadow.items.map(({ id }) => {
    do at += 1;
    while (at < original.items.length && (id < 0 ? (original.items[at]?.id ?? 0) >= 0 : original.items[at]?.id !== id));
    return at;
  });
}
