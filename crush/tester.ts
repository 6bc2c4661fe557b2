/**
 * What `crushtool --test` prints, byte for byte: mappings of a range of inputs by one rule or all, and how they spread.
 * The quirks are Ceph's and kept, since the output is there to be compared.
 */
import { CairnError } from '../base/errors.js';
import { bucketSlots, deviceCount } from './counts.js';
import { chooseArgsOfPool, compileCrushMap } from './compiled-map.js';
import { hash32of2 } from './hash.js';
import { CrushMapper, noItem } from './mapper.js';
import { type CrushMap, type Rule, weightOne } from './types.js';

export interface CrushTestOptions {
  /** A rule's id; absent: all rules. */
  readonly rule?: number;
  /** Both inclusive. Unless both are given and 0 or more, 0 to 1023 are tested. */
  readonly minX?: number;
  readonly maxX?: number;
  /** How many devices to ask for, both inclusive; absent: min_size to max_size of each rule. */
  readonly minRep?: number;
  readonly maxRep?: number;
  /** Device id -> 0 (out) to 1 (in), the share of inputs that it accepts. */
  readonly weights: ReadonlyMap<number, number>;
  /** Inputs are mixed with it, as placement groups are with their pool. */
  readonly poolId?: number;
  readonly showMappings: boolean;
  readonly showBadMappings: boolean;
  readonly showStatistics: boolean;
  readonly showUtilization: boolean;
  readonly showUtilizationAll: boolean;
  readonly showChooseTries: boolean;
}

/** Where lines go, each with its newline. `note` takes what crushtool writes to stderr. */
export interface CrushTestOutput {
  print(text: string): void;
  note(text: string): void;
}

/** More lines of a histogram help nobody, and the tunable may ask for two billion. */
const retryLinesMax = 1_000_000;

/** Throws `INVALID_ARGUMENT` for a map that cannot be mapped with, and for rules without sizes when none are given. */
export function testCrushMap(map: CrushMap, options: CrushTestOptions, output: CrushTestOutput): void {
  new Tester(map, options, output).test();
}

class Tester {
  readonly #map: CrushMap;
  readonly #options: CrushTestOptions;
  readonly #output: CrushTestOutput;
  readonly #mapper: CrushMapper;
  readonly #chooseArgs;
  readonly #weights: Uint32Array;
  readonly #minX: number;
  readonly #maxX: number;
  readonly #retries: Uint32Array | undefined;
  readonly #statistics: boolean;

  constructor(map: CrushMap, options: CrushTestOptions, output: CrushTestOutput) {
    this.#map = map;
    this.#options = options;
    this.#output = output;
    const { minX = -1, maxX = -1 } = options;
    const useDefault = minX < 0 || maxX < 0;
    this.#minX = useDefault ? 0 : minX;
    this.#maxX = useDefault ? 1023 : maxX;
    this.#statistics = options.showStatistics || options.showUtilization || options.showUtilizationAll;
    this.#weights = deviceWeights(map, options.weights);
    this.#retries = options.showChooseTries ? retryCounts(map) : undefined;
    const compiled = compileCrushMap(map);
    this.#mapper = new CrushMapper(compiled, this.#retries === undefined ? {} : { retryCounts: this.#retries });
    // Whatever the pool, crushtool takes the weights of pool 0, or else the default ones.
    this.#chooseArgs = chooseArgsOfPool(compiled, 0n);
  }

  test(): void {
    const { rule } = this.#options;
    if (this.#options.showUtilizationAll) {
      const hex = Array.from(this.#weights, (weight) => weight.toString(16));
      this.#output.note(`devices weights (hex): [${hex.join(',')}]\n`);
    }
    const ruleCount = Math.max(0, ...[...this.#map.rules.keys()].map((id) => id + 1));
    const last = rule === undefined ? ruleCount - 1 : Math.min(rule, ruleCount - 1);
    for (let id = rule ?? 0; id <= last; id += 1) this.#testRule(id);
    for (const [retries, count] of (this.#retries ?? []).entries()) {
      this.#output.print(`${String(retries).padStart(2)}: ${String(count).padStart(9)}\n`);
    }
  }

  #testRule(id: number): void {
    const rule = this.#map.rules.get(id);
    if (rule === undefined) {
      if (this.#statistics) this.#output.print(`rule ${id} dne\n`);
      return;
    }
    const { minRep = rule.minSize, maxRep = rule.maxSize } = this.#options;
    if (minRep === undefined || maxRep === undefined) {
      throw new CairnError(
        'INVALID_ARGUMENT',
        `rule ${ruleName(rule)} does not say for how many replicas it is; give --num-rep, or --min-rep and --max-rep`,
      );
    }
    if (this.#statistics) {
      const range = `x = ${this.#minX}..${this.#maxX}, numrep = ${minRep}..${maxRep}`;
      this.#output.print(`rule ${id} (${ruleName(rule)}), ${range}\n`);
    }
    for (let count = minRep; count <= maxRep; count += 1) this.#testCount(rule, count);
  }

  #testCount(rule: Rule, count: number): void {
    // Ceph sums into 32 bits with a sign.
    const totalWeight = this.#weights.reduce((sum, weight) => (sum + weight) | 0, 0);
    if (totalWeight === 0) return;
    const stored = new Uint32Array(this.#weights.length);
    const sizes = new Map<number, number>();
    const out = new Int32Array(Math.max(0, count));
    for (let x = this.#minX; x <= this.#maxX; x += 1) {
      const size = this.#mapOne(rule, x, count, out);
      sizes.set(size, (sizes.get(size) ?? 0) + 1);
      for (let i = 0; i < size; i += 1) {
        const device = out[i] ?? noItem;
        if (device >= 0 && device < stored.length) stored[device] = (stored[device] ?? 0) + 1;
      }
    }
    if (!this.#statistics) return;
    const inputs = this.#maxX - this.#minX + 1;
    for (const [size, times] of [...sizes].sort(([a], [b]) => a - b)) {
      const head = `rule ${rule.id} (${ruleName(rule)}) num_rep ${count}`;
      this.#output.print(`${head} result size == ${size}:\t${times}/${inputs}\n`);
    }
    this.#utilization(rule, count, inputs, totalWeight, stored);
  }

  #mapOne(rule: Rule, x: number, count: number, out: Int32Array): number {
    const { poolId, showMappings, showBadMappings } = this.#options;
    const input = poolId === undefined || poolId === -1 ? x : hash32of2(x, poolId);
    const size = this.#mapper.map(rule.id, input, count, this.#weights, out, this.#chooseArgs);
    if (!showMappings && !showBadMappings) return size;
    const result = `[${out.subarray(0, size).join(',')}]`;
    if (showMappings) this.#output.print(`CRUSH rule ${rule.id} x ${x} ${result}\n`);
    if (showBadMappings && (size !== count || out.subarray(0, size).includes(noItem))) {
      this.#output.print(`bad mapping rule ${rule.id} x ${x} num_rep ${count} result ${result}\n`);
    }
    return size;
  }

  /** In 32-bit floats, as the last digits printed show. */
  #utilization(rule: Rule, count: number, inputs: number, totalWeight: number, stored: Uint32Array): void {
    const { showUtilization, showUtilizationAll } = this.#options;
    if (!showUtilization && !showUtilizationAll) return;
    const all = Math.fround(Math.imul(Math.min(count, affectedMax(this.#map, rule)), inputs));
    for (const [device, times] of stored.entries()) {
      const share = Math.fround(Math.fround(this.#weights[device] ?? 0) / Math.fround(totalWeight));
      const expected = Math.fround(share * all);
      if (showUtilization && !(expected > 0 && times > 0)) continue;
      this.#output.print(`  device ${device}:\t\t stored : ${times}\t expected : ${printFloat(expected)}\n`);
    }
  }
}

function ruleName(rule: Rule): string {
  return rule.name === '' ? `rule${rule.id}` : rule.name;
}

/** 16.16: 1.0 for each device in a bucket, unless told otherwise; at most 1.0. */
function deviceWeights(map: CrushMap, shares: ReadonlyMap<number, number>): Uint32Array {
  const weights = new Uint32Array(deviceCount(map));
  for (const { items } of map.buckets.values()) for (const { id } of items) if (id >= 0) weights[id] = weightOne;
  for (const [device, share] of shares) {
    const weight = Math.trunc(Math.fround(share) * weightOne);
    if (device < weights.length) weights[device] = Math.max(0, Math.min(weightOne, weight));
  }
  return weights;
}

function retryCounts(map: CrushMap): Uint32Array {
  const count = map.tunables.chooseTotalTries;
  if (count <= retryLinesMax) return new Uint32Array(count);
  throw new CairnError(
    'INVALID_ARGUMENT',
    `choose_total_tries is ${count}, more than the ${retryLinesMax} lines shown at most; lower the tunable`,
  );
}

/**
 * Ceph's guess at how many items a rule can find: the least number of buckets of any type that it names. It counts
 * shadow buckets too, counts no devices, and takes the argument of any other step for a number of devices.
 */
function affectedMax(map: CrushMap, rule: Rule): number {
  const types: number[] = [];
  const wanted = new Map<number, number>();
  for (const step of rule.steps) {
    const [type, count] = 'count' in step ? [step.type, step.count] : 'value' in step ? [0, step.value] : [-1, 0];
    if (type < 0) continue;
    types.push(type);
    wanted.set(type, count);
  }
  const found = new Map<number, number>();
  for (const type of types) {
    for (const bucket of map.buckets.values()) if (bucket.type === type) found.set(type, (found.get(type) ?? 0) + 1);
  }
  let max = Math.max(bucketSlots(map), deviceCount(map));
  for (const type of types) {
    const count = wanted.get(type) ?? 0;
    const have = found.get(type) ?? 0;
    if (count > 0 && count < have) found.set(type, count);
  }
  for (const type of types) {
    const have = found.get(type) ?? 0;
    if (have > 0 && have < max) max = have;
  }
  return max;
}

/** Behind the point. All digits of any number that is half way between two of six digits, so that the tie is seen. */
const exactDigits = 99;

/** Six significant digits, ties to even, no trailing zeros: `%g` of C. */
export function printFloat(value: number): string {
  if (value === 0) return '0';
  const [digits = '', exponentText = '0'] = Math.abs(value).toExponential(exactDigits).replace('.', '').split('e');
  let head = Number(digits.slice(0, 6));
  const rest = digits.slice(6);
  const half = `5${'0'.repeat(rest.length - 1)}`;
  if (rest > half || (rest === half && head % 2 === 1)) head += 1;
  const carried = head === 1_000_000;
  const exponent = Number(exponentText) + (carried ? 1 : 0);
  return `${value < 0 ? '-' : ''}${placeDigits(carried ? '100000' : String(head), exponent)}`;
}

function placeDigits(digits: string, exponent: number): string {
  const significant = digits.replace(/0+$/, '');
  if (exponent < -4 || exponent >= 6) {
    const fraction = significant.length > 1 ? `.${significant.slice(1)}` : '';
    const sign = exponent < 0 ? '-' : '+';
    return `${significant[0]}${fraction}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${significant}`;
  const whole = digits.slice(0, exponent + 1);
  const fraction = digits.slice(exponent + 1).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
