/** Random CRUSH maps as text, with questions to ask of them: everything that the text format can say, oddly combined. */
import type { MappingCase } from './mapping-lines.js';

export interface RandomMap {
  readonly text: string;
  readonly totalTries: number;
  readonly cases: readonly MappingCase[];
}

const typeNames = ['osd', 'host', 'rack', 'row', 'root'];
/** Tree and uniform buckets come without classes: Ceph cannot make their shadows when they are empty. */
const algorithmsWithShadows = ['straw2', 'straw2', 'list', 'straw'];
const algorithms = ['straw2', 'straw2', 'straw2', 'uniform', 'list', 'tree', 'straw'];

/**
 * The same map for the same seed. Kept to what `crushtool` survives: no uniform bucket without weight, no tree of more
 * than 64 items or without weight.
 */
export function randomMap(seed: number): RandomMap {
  const random = new Random(seed);
  const totalTries = random.pick([0, 3, 7, 19, 50, 50, 100]);
  const buckets = new Hierarchy(random);
  const lines = [...tunableLines(random, totalTries), ...buckets.lines()];
  const ruleCount = random.between(1, 4);
  for (let rule = 0; rule < ruleCount; rule++) lines.push(...ruleLines(random, rule, buckets));
  if (random.chance(0.3)) lines.push(...chooseArgsLines(random, buckets));
  const cases = Array.from({ length: ruleCount }, (_, rule) => randomCase(random, rule, buckets.deviceIds));
  return { text: `${lines.join('\n')}\n`, totalTries, cases };
}

/** Mulberry32 (Tommy Ettinger, public domain). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length - 1)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  }
}

interface RandomBucket {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly algorithm: string;
  readonly items: readonly { readonly name: string; readonly weight: number }[];
}

class Hierarchy {
  readonly #random: Random;
  readonly #weight: () => number;
  readonly #algorithm: () => string;
  readonly buckets: RandomBucket[] = [];
  readonly deviceIds: number[] = [];
  readonly deviceLines: string[] = [];
  readonly classes: readonly string[];

  constructor(random: Random) {
    this.#random = random;
    this.#weight = weightsOf(random);
    this.classes = random.chance(0.3) ? ['hdd', 'ssd'] : [];
    const choices = this.classes.length > 0 ? algorithmsWithShadows : algorithms;
    const only = random.pick(choices);
    this.#algorithm = random.chance(0.6) ? () => only : () => random.pick(choices);
    const depth = random.between(1, 4);
    this.#build(typeNames.length - 1, depth);
  }

  lines(): string[] {
    return [
      ...this.deviceLines,
      ...typeNames.map((name, number) => `type ${number} ${name}`),
      ...this.buckets.flatMap((bucket) => [
        `${typeNames[bucket.type]} ${bucket.name} {`,
        `id ${bucket.id}`,
        `alg ${bucket.algorithm}`,
        'hash 0',
        ...bucket.items.map((item) => `item ${item.name} weight ${item.weight.toFixed(3)}`),
        '}',
      ]),
    ];
  }

  #build(type: number, depth: number): { name: string; weight: number } {
    const algorithm = this.#algorithm();
    const size = this.#random.between(this.#random.chance(0.1) ? 0 : 1, depth === 1 ? 9 : 5);
    const equal = Math.max(0.5, this.#weight());
    const items = Array.from({ length: size }, () =>
      this.#item(type, depth, algorithm === 'uniform' ? equal : undefined),
    );
    const weight = items.reduce((sum, item) => sum + item.weight, 0);
    const chosen = ['tree', 'uniform'].includes(algorithm) && weight === 0 ? 'straw2' : algorithm;
    const id = -1 - this.buckets.length * 2;
    const name = `${typeNames[type]}${this.buckets.length}`;
    this.buckets.push({ id, name, type, algorithm: chosen, items });
    return { name, weight };
  }

  #item(type: number, depth: number, weight: number | undefined): { name: string; weight: number } {
    if (depth > 1 && !this.#random.chance(0.02)) {
      const child = this.#build(Math.max(1, Math.min(type - 1, depth - 1)), depth - 1);
      return weight === undefined ? child : { name: child.name, weight };
    }
    const id = (this.deviceIds.at(-1) ?? -1) + (this.#random.chance(0.05) ? this.#random.between(2, 5) : 1);
    const deviceClass =
      this.classes.length > 0 && this.#random.chance(0.9) ? ` class ${this.#random.pick(this.classes)}` : '';
    this.deviceIds.push(id);
    this.deviceLines.push(`device ${id} osd.${id}${deviceClass}`);
    return { name: `osd.${id}`, weight: weight ?? this.#weight() };
  }
}

function weightsOf(random: Random): () => number {
  const zeros = random.pick([0, 0, 0.1, 0.3]);
  const scale = random.pick([0, 1, 1, 60]);
  return () => {
    if (random.chance(zeros)) return 0;
    return scale === 0 ? 1 : Math.round(random.next() * scale * 1000) / 1000 + 0.001;
  };
}

function tunableLines(random: Random, totalTries: number): string[] {
  const old = random.chance(0.3);
  return [
    `tunable choose_local_tries ${old ? random.between(0, 4) : 0}`,
    `tunable choose_local_fallback_tries ${old ? random.between(0, 6) : 0}`,
    `tunable choose_total_tries ${totalTries}`,
    `tunable chooseleaf_descend_once ${random.between(0, 1)}`,
    `tunable chooseleaf_vary_r ${random.pick([0, 1, 1, 2, 3, 4, 5])}`,
    `tunable chooseleaf_stable ${random.between(0, 1)}`,
    `tunable straw_calc_version ${random.between(0, 1)}`,
    'tunable allowed_bucket_algs 62',
  ];
}

function ruleLines(random: Random, rule: number, hierarchy: Hierarchy): string[] {
  const steps: string[] = [];
  const settings = random.chance(0.3) ? random.between(1, 3) : 0;
  for (let i = 0; i < settings; i++) steps.push(settingStep(random));
  for (let i = random.pick([1, 1, 1, 2, 3]); i > 0; i--) steps.push(...takeToEmit(random, hierarchy));
  const head = [`rule rule${rule} {`, `id ${rule}`, 'type replicated', 'min_size 1', 'max_size 10'];
  return [...head, ...steps.map((step) => `step ${step}`), '}'];
}

function settingStep(random: Random): string {
  return random.pick([
    `set_choose_tries ${random.between(0, 60)}`,
    `set_chooseleaf_tries ${random.between(0, 6)}`,
    `set_choose_local_tries ${random.between(0, 4)}`,
    `set_choose_local_fallback_tries ${random.between(0, 6)}`,
    `set_chooseleaf_vary_r ${random.between(0, 4)}`,
    `set_chooseleaf_stable ${random.between(0, 1)}`,
  ]);
}

/** The last step chooses devices: `crushtool` crashes when a rule emits buckets. */
function takeToEmit(random: Random, hierarchy: Hierarchy): string[] {
  const root = hierarchy.buckets.at(-1);
  if (root === undefined) return [];
  if (hierarchy.deviceIds.length > 0 && random.chance(0.03)) {
    return [`take osd.${random.pick(hierarchy.deviceIds)}`, 'emit'];
  }
  const start = random.chance(0.8) ? root : random.pick(hierarchy.buckets);
  const deviceClass =
    hierarchy.classes.length > 0 && random.chance(0.5) ? ` class ${random.pick(hierarchy.classes)}` : '';
  const steps = [`take ${start.name}${usedClass(hierarchy, deviceClass)}`];
  const mode = (): string => (random.chance(0.5) ? 'firstn' : 'indep');
  const count = (): number => random.pick([0, 0, 0, 1, 2, 3, -1]);
  for (let type = start.type - 1; type > 0; type--) {
    if (random.chance(0.25)) steps.push(`choose ${mode()} ${count()} type ${typeNames[type]}`);
  }
  const leafType = random.between(0, Math.max(0, start.type - 1));
  const last = leafType > 0 ? 'chooseleaf' : random.pick(['choose', 'choose', 'chooseleaf']);
  return [...steps, `${last} ${mode()} ${count()} type ${typeNames[leafType]}`, 'emit'];
}

/** A class that no device has, has no shadow tree to take from. */
function usedClass(hierarchy: Hierarchy, deviceClass: string): string {
  return hierarchy.deviceLines.some((line) => line.endsWith(deviceClass)) ? deviceClass : '';
}

function chooseArgsLines(random: Random, hierarchy: Hierarchy): string[] {
  const lines = ['choose_args 0 {'];
  for (const bucket of hierarchy.buckets) {
    if (bucket.algorithm !== 'straw2' || bucket.items.length === 0 || random.chance(0.3)) continue;
    lines.push('{', `bucket_id ${bucket.id}`);
    const list = (value: () => string): string => `[ ${bucket.items.map(value).join(' ')} ]`;
    const weights = random.chance(0.8);
    if (weights) {
      const positions = Array.from({ length: random.between(1, 3) }, () => list(() => (random.next() * 5).toFixed(3)));
      lines.push(`weight_set [ ${positions.join(' ')} ]`);
    }
    if (!weights || random.chance(0.3)) lines.push(`ids ${list(() => String(random.between(-50, 50)))}`);
    lines.push('}');
  }
  return lines.length === 1 ? [] : [...lines, '}'];
}

function randomCase(random: Random, rule: number, deviceIds: readonly number[]): MappingCase {
  const minX = random.pick([0, 0, random.between(0, 2 ** 30)]);
  const weights: Record<string, number> = {};
  if (random.chance(0.6)) {
    for (const id of deviceIds) if (random.chance(0.25)) weights[id] = random.pick([0, 0, 1, random.next()]);
  }
  return { rule, replicas: random.between(1, 8), minX, maxX: minX + 199, weights };
}
