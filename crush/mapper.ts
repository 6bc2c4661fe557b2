/**
 * CRUSH: from an input (a placement group's seed) to devices, by the steps of a rule, bit for bit as Ceph's `crush_do_rule`.
 *
 *   take root                        working set: [root]
 *   chooseleaf firstn 3 type host    from each bucket of it: 3 hosts and a device in each -> working set: [osd, osd, osd]
 *   emit                             append the working set to the result
 *
 * `choose-firstn.ts` and `choose-indep.ts` search for items under a bucket, `bucket-choose.ts` chooses one in a bucket.
 * All work on the typed arrays of `compiled-map.ts`; no mapping allocates. In these files an array is read with `!`, as
 * the type checker cannot know that an index is in range: they are bucket indices and slots from the compiled map, or
 * positions below counts, and `checkCrushMap` has looked at whatever they were made of.
 */
import { chooseFirstn, type FirstnLimits } from './choose-firstn.js';
import { chooseIndep, type IndepLimits } from './choose-indep.js';
import type { CompiledChooseArgs } from './compiled-choose-args.js';
import type { CompiledCrushMap } from './compiled-map.js';
import { ruleOperations, ruleStride } from './compiled-rule.js';
import { Search } from './search.js';

export { noItem } from './search.js';

export interface CrushMapperOptions {
  /**
   * Where to count retries: entry `n` grows by one for each item found after `n` retries. `crushtool
   * --show-choose-tries` has `tunables.chooseTotalTries` entries.
   */
  readonly retryCounts?: Uint32Array;
}

/** Not reentrant: it owns the scratch memory of a mapping. */
export class CrushMapper {
  readonly #map: CompiledCrushMap;
  readonly #search: Search;
  readonly #firstn: FirstnLimits;
  readonly #indep: IndepLimits = { tries: 0, leafTries: 0 };
  /** The items that the next step starts from. */
  #working = new Int32Array(0);
  #chosen = new Int32Array(0);
  #leaves = new Int32Array(0);

  constructor(map: CompiledCrushMap, options: CrushMapperOptions = {}) {
    this.#map = map;
    this.#search = new Search(map, options.retryCounts);
    this.#firstn = { tries: 0, leafTries: 0, localRetries: 0, localFallbackRetries: 0, varyR: 0, stable: false };
  }

  /**
   * Maps `x` (its lower 32 bits count) by a rule to at most `resultMax` devices, stored in `out` from 0 on; returns how
   * many, 0 if there is no such rule. A position without a device is `noItem` (rules with "indep" only). `weights` holds
   * per device id the share of inputs that it accepts, 16.16 from 0 (out) to 0x10000 (in) or more; devices beyond are out.
   */
  map(
    ruleId: number,
    x: number,
    resultMax: number,
    weights: Uint32Array,
    out: Int32Array,
    chooseArgs?: CompiledChooseArgs,
  ): number {
    const rule = this.#map.rules.get(ruleId);
    if (rule === undefined || resultMax <= 0) return 0;
    this.#prepare(x, resultMax, weights, chooseArgs);

    const { tunables } = this.#map;
    // The tunable counts retries, and the step of the rule counts tries.
    let chooseTries = (tunables.chooseTotalTries + 1) >>> 0;
    let leafTries = 0;
    const firstn = this.#firstn;
    firstn.localRetries = tunables.chooseLocalTries;
    firstn.localFallbackRetries = tunables.chooseLocalFallbackTries;
    firstn.varyR = tunables.chooseleafVaryR;
    firstn.stable = tunables.chooseleafStable !== 0;

    let workingCount = 0;
    let resultCount = 0;
    for (let step = 0; step < rule.length; step += ruleStride) {
      const operation = rule[step]!;
      const value = rule[step + 1]!;
      switch (operation) {
        case ruleOperations.take:
          this.#working[0] = value;
          workingCount = 1;
          break;
        case ruleOperations['choose-firstn']:
        case ruleOperations['chooseleaf-firstn']:
          firstn.tries = chooseTries;
          firstn.leafTries = leafTries || (tunables.chooseleafDescendOnce === 0 ? chooseTries : 1);
          if (workingCount > 0) {
            const leaf = operation === ruleOperations['chooseleaf-firstn'];
            workingCount = this.#chooseFirstn(workingCount, value, rule[step + 2]!, leaf, resultMax);
          }
          break;
        case ruleOperations['choose-indep']:
        case ruleOperations['chooseleaf-indep']:
          this.#indep.tries = chooseTries;
          this.#indep.leafTries = leafTries || 1;
          if (workingCount > 0) {
            const leaf = operation === ruleOperations['chooseleaf-indep'];
            workingCount = this.#chooseIndep(workingCount, value, rule[step + 2]!, leaf, resultMax);
          }
          break;
        case ruleOperations.emit:
          for (let i = 0; i < workingCount && resultCount < resultMax; i++) out[resultCount++] = this.#working[i]!;
          workingCount = 0;
          break;
        case ruleOperations['set-choose-tries']:
          if (value > 0) chooseTries = value;
          break;
        case ruleOperations['set-chooseleaf-tries']:
          if (value > 0) leafTries = value;
          break;
        case ruleOperations['set-choose-local-tries']:
          if (value >= 0) firstn.localRetries = value;
          break;
        case ruleOperations['set-choose-local-fallback-tries']:
          if (value >= 0) firstn.localFallbackRetries = value;
          break;
        case ruleOperations['set-chooseleaf-vary-r']:
          if (value >= 0) firstn.varyR = value;
          break;
        case ruleOperations['set-chooseleaf-stable']:
          if (value >= 0) firstn.stable = value !== 0;
          break;
        default: // noop
      }
    }
    return resultCount;
  }

  #prepare(x: number, resultMax: number, weights: Uint32Array, chooseArgs: CompiledChooseArgs | undefined): void {
    if (this.#working.length < resultMax) {
      this.#working = new Int32Array(resultMax);
      this.#chosen = new Int32Array(resultMax);
      this.#leaves = new Int32Array(resultMax);
    }
    this.#search.x = x | 0;
    this.#search.deviceWeights = weights;
    this.#search.chooseArgs = chooseArgs;
    this.#search.permutations.reset();
  }

  /** One group of items per bucket of the working set. Returns the size of the new working set. */
  #chooseFirstn(workingCount: number, count: number, type: number, leaf: boolean, resultMax: number): number {
    const wanted = count > 0 ? count : count + resultMax;
    let filled = 0;
    for (let i = 0; i < workingCount; i++) {
      const bucket = this.#map.bucketIndices.get(this.#working[i]!);
      if (bucket === undefined || wanted <= 0) continue;
      const leaves = leaf ? this.#leaves : undefined;
      const room = resultMax - filled;
      filled += chooseFirstn(this.#search, this.#firstn, bucket, wanted, type, this.#chosen, leaves, filled, room);
    }
    this.#chosenBecomesWorking(leaf);
    return filled;
  }

  #chooseIndep(workingCount: number, count: number, type: number, leaf: boolean, resultMax: number): number {
    const wanted = count > 0 ? count : count + resultMax;
    let filled = 0;
    for (let i = 0; i < workingCount; i++) {
      const bucket = this.#map.bucketIndices.get(this.#working[i]!);
      if (bucket === undefined || wanted <= 0) continue;
      const leaves = leaf ? this.#leaves : undefined;
      const places = Math.min(wanted, resultMax - filled);
      chooseIndep(this.#search, this.#indep, bucket, places, wanted, type, this.#chosen, leaves, filled);
      filled += places;
    }
    this.#chosenBecomesWorking(leaf);
    return filled;
  }

  #chosenBecomesWorking(leaf: boolean): void {
    const previous = this.#working;
    if (leaf) {
      this.#working = this.#leaves;
      this.#leaves = previous;
    } else {
      this.#working = this.#chosen;
      this.#chosen = previous;
    }
  }
}
