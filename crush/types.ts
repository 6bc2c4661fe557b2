/**
 * The CRUSH map as an immutable value (Weil et al., "CRUSH: Controlled, Scalable, Decentralized Placement of
 * Replicated Data", SC 2006; straw2, device classes and choose_args as in Ceph).
 *
 * Items are numbered as in Ceph: devices from 0 up, buckets from -1 down. Weights are 16.16 fixed point, 0x10000 = 1.0,
 * as unsigned 32-bit integers. Everything that placement depends on stands here explicitly, the shadow trees of device
 * classes too, so that the mapper needs no derived names.
 */

export type BucketAlgorithm = 'uniform' | 'list' | 'tree' | 'straw' | 'straw2';

/** A weight of 1.0 in 16.16 fixed point. */
export const weightOne = 0x10000;

export interface Device {
  readonly id: number;
  readonly name: string;
  /** Device class such as `hdd`; it must be a value of `CrushMap.classes`. */
  readonly deviceClass?: string;
}

export interface BucketItem {
  /** A device (>= 0) or another bucket (< 0). */
  readonly id: number;
  /** 16.16. In a uniform bucket all items have the same weight. */
  readonly weight: number;
}

interface BucketBase {
  readonly id: number;
  readonly name: string;
  /** Key of `CrushMap.types`, never 0 (devices). */
  readonly type: number;
  /** In order: the order of items is part of the placement. */
  readonly items: readonly BucketItem[];
  /** Present on a shadow bucket: the part of bucket `of` whose devices are of class `deviceClass`. */
  readonly shadow?: { readonly of: number; readonly deviceClass: string };
}

/**
 * `straw` buckets carry their straw lengths (16.16), since they depend on the `straw_calc_version` of when they were made.
 * `tree` buckets carry the weights of all nodes (16.16, tree-nodes.ts) where those are not the sums of the items below:
 * Ceph stores them, some of its releases left inner ones with arbitrary values, and placements follow what is stored.
 */
export type Bucket =
  | (BucketBase & { readonly algorithm: 'uniform' | 'list' | 'straw2' })
  | (BucketBase & { readonly algorithm: 'tree'; readonly nodeWeights?: readonly number[] })
  | (BucketBase & { readonly algorithm: 'straw'; readonly straws: readonly number[] });

export type RuleStep =
  /** `item` is the bucket where the search starts: the shadow bucket when the text says `class`. Or a single device. */
  | { readonly op: 'take'; readonly item: number }
  /** `count` 0: as many as wanted; negative: that many fewer. `type` is a key of `CrushMap.types`. */
  | { readonly op: 'choose-firstn' | 'choose-indep'; readonly count: number; readonly type: number }
  | { readonly op: 'chooseleaf-firstn' | 'chooseleaf-indep'; readonly count: number; readonly type: number }
  | { readonly op: 'set-choose-tries'; readonly value: number }
  | { readonly op: 'set-chooseleaf-tries'; readonly value: number }
  | { readonly op: 'set-choose-local-tries'; readonly value: number }
  | { readonly op: 'set-choose-local-fallback-tries'; readonly value: number }
  | { readonly op: 'set-chooseleaf-vary-r'; readonly value: number }
  | { readonly op: 'set-chooseleaf-stable'; readonly value: number }
  | { readonly op: 'noop' }
  | { readonly op: 'emit' };

export interface Rule {
  readonly id: number;
  readonly name: string;
  /** 1 replicated, 3 erasure; other numbers are kept as they are. */
  readonly type: number;
  /** Written by Ceph up to 16 (Pacific), absent from maps of later versions; they do not influence placement. */
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly steps: readonly RuleStep[];
}

/** Alternative weights, and ids to hash by, for one bucket. */
export interface BucketChooseArgs {
  readonly bucket: number;
  /** One list of item weights (16.16) per position of the result; positions beyond the last use the last. May be empty. */
  readonly weightSet: readonly (readonly number[])[];
  /** Ids that replace the items' own in the hash; absent: the items' own. */
  readonly ids?: readonly number[];
}

/** Per bucket id. */
export type ChooseArgs = ReadonlyMap<number, BucketChooseArgs>;

export interface Tunables {
  readonly chooseLocalTries: number;
  readonly chooseLocalFallbackTries: number;
  readonly chooseTotalTries: number;
  readonly chooseleafDescendOnce: number;
  readonly chooseleafVaryR: number;
  readonly chooseleafStable: number;
  readonly strawCalcVersion: number;
  /** Bit mask of bucket algorithms that may be created: bit 1 uniform, 2 list, 3 tree, 4 straw, 5 straw2. */
  readonly allowedBucketAlgs: number;
}

export interface CrushMap {
  readonly tunables: Tunables;
  /** By id. Devices that only appear as gaps ("device 3 device3" in old maps) may be absent. */
  readonly devices: ReadonlyMap<number, Device>;
  /** Type number -> name; 0 is the devices' type. */
  readonly types: ReadonlyMap<number, string>;
  /** Class number -> name. The numbers matter only for the binary format and the order of shadow trees. */
  readonly classes: ReadonlyMap<number, string>;
  /** By id, shadow buckets included. */
  readonly buckets: ReadonlyMap<number, Bucket>;
  /** By id. */
  readonly rules: ReadonlyMap<number, Rule>;
  /** By name as `crushtool` prints it: a decimal 64-bit integer (a pool id), -1 the default weight set of all pools. */
  readonly chooseArgs: ReadonlyMap<bigint, ChooseArgs>;
}
