/** Small maps for tests, without a detour through text. */
import { tunablesProfiles } from '../../crush/tunables.js';
import { type Bucket, type BucketItem, type CrushMap, type RuleStep, weightOne } from '../../crush/types.js';

export const hostType = 1;
export const rackType = 2;
export const rootType = 3;
export const rootId = -1;

/** Weights of devices by host by rack, in units of 1.0. */
export type RackWeights = readonly (readonly (readonly number[])[])[];

export interface BuiltMap {
  readonly map: CrushMap;
  /** Per device. */
  readonly hostOf: readonly number[];
  readonly rackOf: readonly number[];
}

/** All buckets are straw2, with the jewel tunables; `rules` by number. A bucket weighs what its devices do. */
export function buildRacks(racks: RackWeights, rules: readonly (readonly RuleStep[])[]): BuiltMap {
  const buckets = new Map<number, Bucket>();
  const hostOf: number[] = [];
  const rackOf: number[] = [];
  const addBucket = (id: number, type: number, items: readonly BucketItem[]): BucketItem => {
    buckets.set(id, { id, name: `bucket${-id}`, type, algorithm: 'straw2', items });
    return { id, weight: items.reduce((sum, item) => sum + item.weight, 0) };
  };
  const rackItems = racks.map((hosts, rack) => {
    const rackId = -2 - rack;
    const hostItems = hosts.map((weights, host) => {
      const hostId = -1000 - rack * 100 - host;
      const items = weights.map((weight) => {
        hostOf.push(hostId);
        rackOf.push(rackId);
        return { id: hostOf.length - 1, weight: Math.round(weight * weightOne) };
      });
      return addBucket(hostId, hostType, items);
    });
    return addBucket(rackId, rackType, hostItems);
  });
  addBucket(rootId, rootType, rackItems);
  const map: CrushMap = {
    tunables: tunablesProfiles.jewel,
    devices: new Map(hostOf.map((_, id) => [id, { id, name: `osd.${id}` }])),
    types: new Map([
      [0, 'osd'],
      [hostType, 'host'],
      [rackType, 'rack'],
      [rootType, 'root'],
    ]),
    classes: new Map(),
    buckets,
    rules: new Map(rules.map((steps, id) => [id, { id, name: `rule${id}`, type: 1, steps }])),
    chooseArgs: new Map(),
  };
  return { map, hostOf, rackOf };
}

/** Take the root, one device under each of as many items of `type` as wanted, emit. */
export function leafRule(op: 'chooseleaf-firstn' | 'chooseleaf-indep', type: number): readonly RuleStep[] {
  return [{ op: 'take', item: rootId }, { op, count: 0, type }, { op: 'emit' }];
}

export function allIn(deviceCount: number): Uint32Array {
  return new Uint32Array(deviceCount).fill(weightOne);
}
