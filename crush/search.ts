/** What all steps of one mapping share. The mapper owns one and fills it in anew for each mapping. */
import type { CompiledChooseArgs } from './compiled-choose-args.js';
import type { CompiledCrushMap } from './compiled-map.js';
import { hash32of2 } from './hash.js';
import { Permutations } from './permutations.js';
import { weightOne } from './types.js';

/** In a result: no device was found for this position. */
export const noItem = 0x7fffffff;

export class Search {
  readonly map: CompiledCrushMap;
  readonly permutations: Permutations;
  /** Scratch: the hashes of one bucket's items. */
  readonly hashes: Int32Array;
  /** Entry `n` counts the items found after `n` retries, as `crushtool --show-choose-tries` does. */
  readonly retryCounts: Uint32Array | undefined;
  /** The input, as a signed 32-bit integer. */
  x = 0;
  /** 16.16 per device: the share of inputs that it accepts. */
  deviceWeights: Uint32Array = new Uint32Array(0);
  chooseArgs: CompiledChooseArgs | undefined = undefined;

  constructor(map: CompiledCrushMap, retryCounts: Uint32Array | undefined) {
    this.map = map;
    this.permutations = new Permutations(map);
    this.hashes = new Int32Array(map.sizes.reduce((most, size) => Math.max(most, size), 0));
    this.retryCounts = retryCounts;
  }

  /** Whether the device refuses this input: it has no weight, or its hash exceeds a weight below 1.0. */
  isOut(device: number): boolean {
    if (device >= this.deviceWeights.length) return true;
    const weight = this.deviceWeights[device]!;
    if (weight >= weightOne) return false;
    if (weight === 0) return true;
    return (hash32of2(this.x, device) & 0xffff) >= weight;
  }

  countRetries(retries: number): void {
    if (this.retryCounts !== undefined && retries < this.retryCounts.length) this.retryCounts[retries]!++;
  }
}
