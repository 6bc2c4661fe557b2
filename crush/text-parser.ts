/**
 * Ceph's text map to a `CrushMap`: `text-syntax.ts` reads the words, here names become ids. Buckets are compiled in the
 * order in which `crushtool` does, since ids left out are handed out in that order and enter the hash.
 */
import { bucketIdMin, bucketWeightMax, deviceWeightMax, shadowCostMax, weightSumMax } from './limits.js';
import { bucketWeight, buildShadowTrees, shadowCost, withItems } from './shadow-trees.js';
import { type Token, parseError, showToken } from './text-lexer.js';
import {
  type At,
  type BucketArgsSyntax,
  type BucketSyntax,
  type ItemSyntax,
  type RuleSyntax,
  type StepSyntax,
  type TextSyntax,
  parseSyntax,
} from './text-syntax.js';
import { treeItemCountMax } from './tree-nodes.js';
import { tunablesProfiles } from './tunables.js';
import {
  type Bucket,
  type BucketChooseArgs,
  type BucketItem,
  type ChooseArgs,
  type CrushMap,
  type Device,
  type Rule,
  type RuleStep,
  type Tunables,
  weightOne,
} from './types.js';

/**
 * Reads a map as `crushtool -c` does. Tunables that the text leaves out are the legacy ones, whatever today's defaults.
 * Throws only `PARSE_ERROR`, with `details: { line, column }`, both from 1. Linear in the text, but for the shadow trees
 * of device classes: buckets times classes.
 */
export function parseCrushText(text: string): CrushMap {
  const syntax = parseSyntax(text);
  return new Compiler(syntax).compile();
}

class Compiler {
  readonly #syntax: TextSyntax;
  readonly #tunables: Tunables;
  readonly #devices = new Map<number, Device>();
  readonly #types = new Map<number, string>();
  readonly #typeIds = new Map<string, number>();
  readonly #classes = new Map<number, string>();
  readonly #classIds = new Map<string, number>();
  readonly #itemIds = new Map<string, number>();
  readonly #buckets = new Map<number, Bucket>();
  /** bucket id -> class number -> shadow id, as the text asks for them. */
  readonly #shadowIds = new Map<number, Map<number, number>>();

  constructor(syntax: TextSyntax) {
    this.#syntax = syntax;
    this.#tunables = tunablesOf(syntax);
  }

  compile(): CrushMap {
    this.#addTypes();
    this.#addDevices();
    this.#addBuckets();
    this.#addShadows();
    const rules = this.#rules();
    return {
      tunables: this.#tunables,
      devices: this.#devices,
      types: this.#types,
      classes: this.#classes,
      buckets: this.#buckets,
      rules,
      chooseArgs: this.#chooseArgs(),
    };
  }

  #addTypes(): void {
    for (const { id, name } of this.#syntax.types) {
      if (this.#types.has(id.value)) throw twice(id.at, `type ${id.value}`, 'give it another number');
      if (this.#typeIds.has(name.value))
        throw twice(name.at, `type name ${showToken(name.at)}`, 'rename one of the two');
      this.#types.set(id.value, name.value);
      this.#typeIds.set(name.value, id.value);
    }
  }

  #addDevices(): void {
    for (const { id, name, deviceClass } of this.#syntax.devices) {
      if (this.#devices.has(id.value)) throw twice(id.at, `device ${id.value}`, 'give it another number');
      this.#addName(name, id.value);
      const device = { id: id.value, name: name.value };
      if (deviceClass !== undefined) this.#classId(deviceClass.value);
      this.#devices.set(id.value, deviceClass === undefined ? device : { ...device, deviceClass: deviceClass.value });
    }
  }

  #addName(name: At<string>, id: number): void {
    if (this.#itemIds.has(name.value)) throw twice(name.at, `the name ${showToken(name.at)}`, 'rename one of the two');
    this.#itemIds.set(name.value, id);
  }

  /** Classes are numbered as they first appear, bucket lines included. */
  #classId(name: string): number {
    const known = this.#classIds.get(name);
    if (known !== undefined) return known;
    const id = this.#classes.size;
    this.#classIds.set(name, id);
    this.#classes.set(id, name);
    return id;
  }

  #addBuckets(): void {
    const ordered = childrenFirst(this.#syntax.buckets);
    const ids = new BucketIds(this.#syntax.buckets);
    const weights = new Map<number, number>();
    for (const bucket of ordered) {
      const type = this.#typeOf(bucket.type);
      if (type === 0) throw parseError(bucket.type.at, 'type 0 is that of devices; give the bucket another type');
      const id = ids.take(bucket);
      const items = this.#items(bucket, weights);
      this.#addName(bucket.name, id);
      this.#addShadowIds(id, bucket);
      const base = { id, name: bucket.name.value, type, items };
      const shell: Bucket =
        bucket.algorithm === 'straw'
          ? { ...base, algorithm: 'straw', straws: [] }
          : { ...base, algorithm: bucket.algorithm };
      this.#buckets.set(id, withItems(shell, items, this.#tunables));
      weights.set(id, bucketWeight(items));
    }
  }

  #typeOf(name: At<string>): number {
    const type = this.#typeIds.get(name.value);
    if (type !== undefined) return type;
    throw parseError(name.at, `no type is called ${showToken(name.at)}; add a line "type NUMBER ${name.value}" above`);
  }

  #addShadowIds(bucket: number, syntax: BucketSyntax): void {
    const ids = new Map<number, number>();
    for (const { id, deviceClass } of syntax.classIds) {
      const number = this.#classId(deviceClass.value);
      if (ids.has(number)) throw twice(deviceClass.at, `class ${showToken(deviceClass.at)}`, 'remove one of the lines');
      ids.set(number, id.value);
    }
    if (ids.size > 0) this.#shadowIds.set(bucket, ids);
  }

  #items(bucket: BucketSyntax, weights: ReadonlyMap<number, number>): BucketItem[] {
    if (bucket.algorithm === 'tree' && bucket.items.length > treeItemCountMax) {
      throw parseError(bucket.name.at, `a tree bucket holds at most ${treeItemCountMax} items; split it or use straw2`);
    }
    const positions = itemPositions(bucket.items);
    const items = new Array<BucketItem>(bucket.items.length);
    let sum = 0;
    for (const [index, syntax] of bucket.items.entries()) {
      const item = this.#item(syntax, weights);
      const first = items[positions[0] ?? 0];
      if (bucket.algorithm === 'uniform' && index > 0 && first !== undefined && first.weight !== item.weight) {
        const at = syntax.weight?.at ?? syntax.name.at;
        throw parseError(at, 'the items of a uniform bucket weigh the same; make the weights equal or use straw2');
      }
      sum += item.weight;
      if (sum > weightSumMax) {
        throw parseError(syntax.name.at, 'the weights of this bucket add up to more than 65535; lower them');
      }
      items[positions[index] ?? 0] = item;
    }
    return items;
  }

  #item(syntax: ItemSyntax, weights: ReadonlyMap<number, number>): BucketItem {
    const id = this.#itemIds.get(syntax.name.value);
    if (id === undefined) throw unknownItem(syntax.name);
    const weight = syntax.weight?.value ?? weights.get(id) ?? weightOne;
    const max = id >= 0 ? deviceWeightMax : bucketWeightMax;
    if (syntax.weight !== undefined && weight > max) {
      const kind = id >= 0 ? 'device' : 'bucket';
      throw parseError(syntax.weight.at, `a ${kind} weighs at most ${max / weightOne}; choose a smaller unit`);
    }
    return { id, weight };
  }

  /** Ceph builds them when it meets the first rule; a map without rules has none. */
  #addShadows(): void {
    const [rule] = this.#syntax.rules;
    if (rule === undefined) return;
    if (shadowCost(this.#buckets, this.#classes.size) > shadowCostMax) {
      throw parseError(rule.id.at, `${this.#classes.size} device classes are too many for this map; use fewer`);
    }
    const deviceClasses = new Map<number, string>();
    for (const { id, deviceClass } of this.#devices.values()) {
      if (deviceClass !== undefined) deviceClasses.set(id, deviceClass);
    }
    const { buckets } = buildShadowTrees({
      tunables: this.#tunables,
      classes: this.#classes,
      deviceClasses,
      buckets: this.#buckets,
      shadowIds: this.#shadowIds,
    });
    for (const bucket of buckets) this.#buckets.set(bucket.id, bucket);
  }

  #rules(): Map<number, Rule> {
    const rules = new Map<number, Rule>();
    const names = new Set<string>();
    const shadows = new Map<string, number>();
    for (const { id, shadow } of this.#buckets.values()) {
      if (shadow !== undefined) shadows.set(`${shadow.of}~${shadow.deviceClass}`, id);
    }
    for (const syntax of this.#syntax.rules) {
      const { id, name, type, minSize, maxSize } = syntax;
      if (rules.has(id.value)) throw twice(id.at, `rule ${id.value}`, 'give it another number');
      if (names.has(name.value)) throw twice(name.at, `rule name ${showToken(name.at)}`, 'rename one of the two');
      if (name.value !== '') names.add(name.value);
      rules.set(id.value, {
        id: id.value,
        name: name.value,
        type,
        ...(minSize === undefined ? {} : { minSize }),
        ...(maxSize === undefined ? {} : { maxSize }),
        steps: this.#steps(syntax, shadows),
      });
    }
    return rules;
  }

  #steps(rule: RuleSyntax, shadows: ReadonlyMap<string, number>): RuleStep[] {
    return rule.steps.map((step) => {
      if (step.op === 'take') return { op: 'take', item: this.#taken(step, shadows) };
      if ('type' in step) return { op: step.op, count: step.count, type: this.#typeOf(step.type) };
      return step;
    });
  }

  #taken(step: Extract<StepSyntax, { op: 'take' }>, shadows: ReadonlyMap<string, number>): number {
    const id = this.#itemIds.get(step.item.value);
    if (id === undefined) throw unknownItem(step.item);
    if (step.deviceClass === undefined) return id;
    const shadow = shadows.get(`${id}~${step.deviceClass.value}`);
    if (shadow !== undefined) return shadow;
    const { at } = step.deviceClass;
    if (!this.#classIds.has(step.deviceClass.value)) {
      throw parseError(at, `no device is of class ${showToken(at)}; write "class ${at.text}" behind a device above`);
    }
    throw parseError(
      at,
      `Ceph builds no tree of class ${showToken(at)} for ${showToken(step.item.at)}, as for devices and where a ` +
        'uniform bucket holds devices of a class; take a bucket, or change the algorithm to straw2',
    );
  }

  #chooseArgs(): Map<bigint, ChooseArgs> {
    const all = new Map<bigint, ChooseArgs>();
    for (const { name, buckets } of this.#syntax.chooseArgs) {
      if (all.has(name.value)) throw twice(name.at, `choose_args ${name.value}`, 'merge the two');
      const args = new Map<number, BucketChooseArgs>();
      for (const syntax of buckets) {
        const one = this.#bucketArgs(syntax, args.get(syntax.bucket.value));
        if (one.weightSet.length > 0 || one.ids !== undefined) args.set(one.bucket, one);
      }
      all.set(name.value, args);
    }
    return all;
  }

  /** Of two entries for one bucket the later adds to the earlier, as in Ceph. */
  #bucketArgs(syntax: BucketArgsSyntax, earlier: BucketChooseArgs | undefined): BucketChooseArgs {
    const bucket = this.#buckets.get(syntax.bucket.value);
    if (bucket === undefined) {
      throw parseError(
        syntax.bucket.at,
        `no bucket has the id ${syntax.bucket.value}; remove this entry or correct it`,
      );
    }
    const size = bucket.items.length;
    for (const { value, at } of syntax.weightSet?.value ?? []) {
      if (value.length !== size) throw parseError(at, `expected ${size} weights, one per item, found ${value.length}`);
    }
    if (syntax.ids !== undefined && syntax.ids.value.length !== size) {
      throw parseError(syntax.ids.at, `expected ${size} ids, one per item, found ${syntax.ids.value.length}`);
    }
    const weightSet = syntax.weightSet?.value.map(({ value }) => value) ?? earlier?.weightSet ?? [];
    const ids = syntax.ids?.value ?? earlier?.ids;
    return { bucket: bucket.id, weightSet, ...(ids === undefined || ids.length === 0 ? {} : { ids }) };
  }
}

function twice(at: Token, what: string, todo: string) {
  return parseError(at, `${what} stands here for the second time; ${todo}`);
}

function unknownItem(name: At<string>) {
  return parseError(name.at, `no device or bucket is called ${showToken(name.at)}; define it or correct the name`);
}

function tunablesOf(syntax: TextSyntax): Tunables {
  const { legacy } = tunablesProfiles;
  const value = (name: string, otherwise: number): number => syntax.tunables.get(name) ?? otherwise;
  return {
    chooseLocalTries: value('choose_local_tries', legacy.chooseLocalTries),
    chooseLocalFallbackTries: value('choose_local_fallback_tries', legacy.chooseLocalFallbackTries),
    chooseTotalTries: value('choose_total_tries', legacy.chooseTotalTries),
    chooseleafDescendOnce: value('chooseleaf_descend_once', legacy.chooseleafDescendOnce),
    chooseleafVaryR: value('chooseleaf_vary_r', legacy.chooseleafVaryR),
    chooseleafStable: value('chooseleaf_stable', legacy.chooseleafStable),
    strawCalcVersion: value('straw_calc_version', legacy.strawCalcVersion),
    allowedBucketAlgs: value('allowed_bucket_algs', legacy.allowedBucketAlgs),
  };
}

/** Where each item goes: those with `pos` there, the others into the gaps in order. */
function itemPositions(items: readonly ItemSyntax[]): number[] {
  const used = new Set<number>();
  for (const { position } of items) {
    if (position === undefined) continue;
    if (position.value >= items.length) {
      throw parseError(position.at, `pos ${position.value} lies beyond the ${items.length} items; count from 0`);
    }
    if (used.has(position.value)) throw twice(position.at, `pos ${position.value}`, 'give the item another one');
    used.add(position.value);
  }
  let next = 0;
  return items.map(({ position }) => {
    if (position !== undefined) return position.value;
    while (used.has(next)) next += 1;
    next += 1;
    return next - 1;
  });
}

/** The ids that the text states, and the free ones below zero for buckets that state none. */
class BucketIds {
  readonly #stated = new Set<number>();
  #next = -1;

  constructor(buckets: readonly BucketSyntax[]) {
    for (const { id, classIds } of buckets) {
      for (const one of id === undefined ? [] : [id]) this.#state(one);
      for (const one of classIds) this.#state(one.id);
    }
  }

  #state(id: At<number>): void {
    if (this.#stated.has(id.value)) throw twice(id.at, `bucket id ${id.value}`, 'give one of the two another id');
    this.#stated.add(id.value);
  }

  take(bucket: BucketSyntax): number {
    if (bucket.id !== undefined) return bucket.id.value;
    while (this.#stated.has(this.#next)) this.#next -= 1;
    if (this.#next < bucketIdMin) throw parseError(bucket.name.at, `more than ${-bucketIdMin} buckets; split the map`);
    this.#next -= 1;
    return this.#next + 1;
  }
}

/**
 * Buckets with every bucket behind those it contains. `crushtool` only swaps a parent with each child that stands below
 * it, once; where that suffices the order here is the same, else it refuses what we sort out.
 */
function childrenFirst(buckets: readonly BucketSyntax[]): BucketSyntax[] {
  const byName = new Map(buckets.map((bucket) => [bucket.name.value, bucket]));
  const done = new Set<BucketSyntax>();
  const inProgress = new Set<BucketSyntax>();
  const ordered: BucketSyntax[] = [];
  for (const start of swappedOrder(buckets)) {
    const open = [{ bucket: start, next: 0 }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const { bucket } = top;
      const item = done.has(bucket) ? undefined : bucket.items[top.next];
      top.next += 1;
      if (item !== undefined) {
        inProgress.add(bucket);
        const child = byName.get(item.name.value);
        if (child === undefined || done.has(child)) continue;
        if (inProgress.has(child)) {
          throw parseError(item.name.at, `${showToken(item.name.at)} contains this bucket; buckets form a tree`);
        }
        open.push({ bucket: child, next: 0 });
        continue;
      }
      open.pop();
      inProgress.delete(bucket);
      if (done.has(bucket)) continue;
      done.add(bucket);
      ordered.push(bucket);
    }
  }
  return ordered;
}

/** The order after `crushtool`'s swaps: each bucket trades places with every later one that it contains. */
function swappedOrder(buckets: readonly BucketSyntax[]): BucketSyntax[] {
  const indexOf = new Map(buckets.map(({ name }, index) => [name.value, index]));
  // What stands at a place, and the place by which each name is known: the names trade places, not the buckets.
  const order = [...buckets];
  for (const [index, { items }] of buckets.entries()) {
    const later = new Set<number>();
    for (const { name } of items) {
      const other = indexOf.get(name.value);
      if (other !== undefined && other > index) later.add(other);
    }
    for (const other of [...later].sort((a, b) => a - b)) {
      const [mine, theirs] = [order[index], order[other]];
      if (mine === undefined || theirs === undefined) continue;
      order[index] = theirs;
      order[other] = mine;
    }
  }
  return order;
}
