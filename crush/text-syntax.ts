/**
 * The grammar of the text map: a text to declarations that still go by name. Sections come in Ceph's order:
 *
 *     (tunable | device | type)*   (bucket | rule)*   choose_args*
 *
 * What `crushtool` 16 writes and what later versions write (rules without min_size and max_size) both parse, and a few
 * things that `crushtool` prints but does not read back: `step noop` and rule types by number.
 */
import type { CairnError } from '../base/errors.js';
import type { BucketAlgorithm } from './types.js';
import {
  bucketIdMin,
  bucketWeightMax,
  deviceIdMax,
  int32Max,
  int32Min,
  ruleIdMax,
  typeIdMax,
  weightSumMax,
} from './limits.js';
import { type Token, parseError, showToken, tokenize } from './text-lexer.js';

/** Something named or numbered, with the place to point at when it turns out to be wrong. */
export interface At<T> {
  readonly value: T;
  readonly at: Token;
}

export interface DeviceSyntax {
  readonly id: At<number>;
  readonly name: At<string>;
  readonly deviceClass?: At<string>;
}

export interface ItemSyntax {
  readonly name: At<string>;
  /** 16.16. */
  readonly weight?: At<number>;
  readonly position?: At<number>;
}

export interface BucketSyntax {
  readonly type: At<string>;
  readonly name: At<string>;
  readonly id?: At<number>;
  readonly classIds: readonly { readonly id: At<number>; readonly deviceClass: At<string> }[];
  readonly algorithm: BucketAlgorithm;
  readonly items: readonly ItemSyntax[];
}

export type ValueStepOp =
  | 'set-choose-tries'
  | 'set-chooseleaf-tries'
  | 'set-choose-local-tries'
  | 'set-choose-local-fallback-tries'
  | 'set-chooseleaf-vary-r'
  | 'set-chooseleaf-stable';

export type ChooseStepOp = 'choose-firstn' | 'choose-indep' | 'chooseleaf-firstn' | 'chooseleaf-indep';

export type StepSyntax =
  | { readonly op: 'take'; readonly item: At<string>; readonly deviceClass?: At<string> }
  | { readonly op: ChooseStepOp; readonly count: number; readonly type: At<string> }
  | { readonly op: ValueStepOp; readonly value: number }
  | { readonly op: 'noop' | 'emit' };

export interface RuleSyntax {
  /** Empty when the rule has no name. */
  readonly name: At<string>;
  readonly id: At<number>;
  readonly type: number;
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly steps: readonly StepSyntax[];
}

export interface BucketArgsSyntax {
  readonly bucket: At<number>;
  readonly weightSet?: At<readonly At<readonly number[]>[]>;
  readonly ids?: At<readonly number[]>;
}

export interface ChooseArgsSyntax {
  readonly name: At<bigint>;
  readonly buckets: readonly BucketArgsSyntax[];
}

export interface TextSyntax {
  readonly tunables: ReadonlyMap<string, number>;
  readonly devices: readonly DeviceSyntax[];
  readonly types: readonly { readonly id: At<number>; readonly name: At<string> }[];
  readonly buckets: readonly BucketSyntax[];
  readonly rules: readonly RuleSyntax[];
  readonly chooseArgs: readonly ChooseArgsSyntax[];
}

/** Throws `PARSE_ERROR` at the first word that does not fit. Names are not looked up yet. */
export function parseSyntax(text: string): TextSyntax {
  return new Parser(tokenize(text)).parse();
}

/** Largest value of each tunable: the width of its field in the binary format. */
const tunableMax: ReadonlyMap<string, number> = new Map([
  ['choose_local_tries', int32Max],
  ['choose_local_fallback_tries', int32Max],
  ['choose_total_tries', int32Max],
  ['chooseleaf_descend_once', int32Max],
  ['chooseleaf_vary_r', 0xff],
  ['chooseleaf_stable', 0xff],
  ['straw_calc_version', 0xff],
  ['allowed_bucket_algs', int32Max],
]);

const algorithms: ReadonlyMap<string, BucketAlgorithm> = new Map(
  (['uniform', 'list', 'tree', 'straw', 'straw2'] as const).map((name) => [name, name]),
);

const ruleTypes: ReadonlyMap<string, number> = new Map([
  ['replicated', 1],
  ['erasure', 3],
]);

const valueSteps: ReadonlyMap<string, ValueStepOp> = new Map([
  ['set_choose_tries', 'set-choose-tries'],
  ['set_chooseleaf_tries', 'set-chooseleaf-tries'],
  ['set_choose_local_tries', 'set-choose-local-tries'],
  ['set_choose_local_fallback_tries', 'set-choose-local-fallback-tries'],
  ['set_chooseleaf_vary_r', 'set-chooseleaf-vary-r'],
  ['set_chooseleaf_stable', 'set-chooseleaf-stable'],
]);

const chooseSteps: ReadonlyMap<string, ChooseStepOp> = new Map([
  ['choose firstn', 'choose-firstn'],
  ['choose indep', 'choose-indep'],
  ['chooseleaf firstn', 'chooseleaf-firstn'],
  ['chooseleaf indep', 'chooseleaf-indep'],
]);

/** A name as Ceph allows it; `~` is left to the names of shadow buckets, which never stand in a text map. */
const namePattern = /^[-_.0-9A-Za-z]+$/;
const naturalPattern = /^[0-9]+$/;
const integerPattern = /^-?[0-9]+$/;
const realPattern = /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/;

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): TextSyntax {
    const tunables = new Map<string, number>();
    const devices: DeviceSyntax[] = [];
    const types: { id: At<number>; name: At<string> }[] = [];
    const buckets: BucketSyntax[] = [];
    const rules: RuleSyntax[] = [];
    const chooseArgs: ChooseArgsSyntax[] = [];
    for (;;) {
      const word = this.#peek();
      if (word.text === '') return { tunables, devices, types, buckets, rules, chooseArgs };
      this.#refuseLate(word, buckets.length + rules.length > 0, rules.length > 0, chooseArgs.length > 0);
      if (word.text === 'tunable') this.#tunable(tunables);
      else if (word.text === 'device') devices.push(this.#device());
      else if (word.text === 'type') types.push(this.#type());
      else if (word.text === 'rule') rules.push(this.#rule());
      else if (word.text === 'choose_args') chooseArgs.push(this.#chooseArgs());
      else buckets.push(this.#bucket());
    }
  }

  /** Ceph builds the class trees between the last bucket and the first rule, so the order is part of the format. */
  #refuseLate(word: Token, afterFirstBucket: boolean, afterFirstRule: boolean, afterChooseArgs: boolean): void {
    const isHead = word.text === 'tunable' || word.text === 'device' || word.text === 'type';
    if (isHead && (afterFirstBucket || afterChooseArgs)) {
      throw parseError(word, `${showToken(word)} lines come before the first bucket; move this line up`);
    }
    if (isHead || word.text === 'choose_args') return;
    if (afterChooseArgs) {
      throw parseError(word, `expected "choose_args" or the end of the text, found ${showToken(word)}; move it up`);
    }
    if (afterFirstRule && word.text !== 'rule') {
      throw parseError(word, 'buckets must stand before the first rule; move this bucket up');
    }
  }

  #tunable(tunables: Map<string, number>): void {
    this.#keyword('tunable');
    const name = this.#peek();
    const max = tunableMax.get(name.text);
    if (max === undefined) throw this.#expected(`a tunable (${[...tunableMax.keys()].join(', ')})`, 'remove the line');
    this.#at += 1;
    tunables.set(name.text, this.#natural('the value of the tunable', max).value);
  }

  #device(): DeviceSyntax {
    this.#keyword('device');
    const id = this.#natural('the number of the device', deviceIdMax);
    const name = this.#name('the name of the device');
    if (!this.#accept('class')) return { id, name };
    return { id, name, deviceClass: this.#name('the device class') };
  }

  #type(): { id: At<number>; name: At<string> } {
    this.#keyword('type');
    return { id: this.#natural('the number of the type', typeIdMax), name: this.#name('the name of the type') };
  }

  #bucket(): BucketSyntax {
    const type = this.#name('"tunable", "device", "type", a bucket, "rule" or "choose_args"');
    const name = this.#name('the name of the bucket');
    this.#keyword('{');
    let id: At<number> | undefined;
    const classIds: { id: At<number>; deviceClass: At<string> }[] = [];
    while (this.#accept('id')) {
      const value = this.#integer('the id of the bucket', bucketIdMin, -1);
      if (this.#accept('class')) classIds.push({ id: value, deviceClass: this.#name('the device class') });
      else id = value;
    }
    const algorithm = this.#algorithm();
    while (this.#accept('hash')) this.#hash();
    const items: ItemSyntax[] = [];
    while (this.#accept('item')) items.push(this.#item());
    this.#keyword('}', '"item" or "}"');
    return { type, name, ...(id === undefined ? {} : { id }), classIds, algorithm, items };
  }

  #algorithm(): BucketAlgorithm {
    this.#keyword('alg', '"id" or "alg"');
    const algorithm = algorithms.get(this.#peek().text);
    if (algorithm === undefined) throw this.#expected([...algorithms.keys()].join(', '), 'straw2 is the usual one');
    this.#at += 1;
    return algorithm;
  }

  /** Ceph has one hash. Another number would place nothing at all there, so it is refused rather than carried along. */
  #hash(): void {
    if (this.#accept('rjenkins1')) return;
    const token = this.#peek();
    if (token.text !== '0') throw this.#expected('0 or rjenkins1', 'no other hash exists');
    this.#at += 1;
  }

  #item(): ItemSyntax {
    const name = this.#name('the name of a device or bucket');
    const weight = this.#accept('weight') ? this.#weight('the weight of the item') : undefined;
    const position = this.#accept('pos') ? this.#natural('the position of the item', int32Max) : undefined;
    return { name, ...(weight === undefined ? {} : { weight }), ...(position === undefined ? {} : { position }) };
  }

  #rule(): RuleSyntax {
    const keyword = this.#peek();
    this.#keyword('rule');
    const name = this.#peek().text === '{' ? { value: '', at: keyword } : this.#name('the name of the rule or "{"');
    this.#keyword('{');
    if (!this.#accept('id') && !this.#accept('ruleset')) {
      throw this.#expected('"id" (or "ruleset")', 'a rule starts with its number');
    }
    const id = this.#natural('the number of the rule', ruleIdMax);
    this.#keyword('type');
    const type = this.#ruleType();
    const minSize = this.#accept('min_size') ? this.#natural('min_size', 0xff).value : undefined;
    const maxSize = this.#accept('max_size') ? this.#natural('max_size', 0xff).value : undefined;
    const steps: StepSyntax[] = [];
    do {
      this.#keyword('step', steps.length === 0 ? '"min_size", "max_size" or "step"' : '"step" or "}"');
      steps.push(this.#step());
    } while (!this.#accept('}'));
    return {
      name,
      id,
      type,
      ...(minSize === undefined ? {} : { minSize }),
      ...(maxSize === undefined ? {} : { maxSize }),
      steps,
    };
  }

  #ruleType(): number {
    const token = this.#peek();
    const named = ruleTypes.get(token.text);
    if (named === undefined && !naturalPattern.test(token.text)) {
      throw this.#expected('replicated, erasure or a number', 'replicated is the usual one');
    }
    if (named === undefined) return this.#natural('the type of the rule', 0xff).value;
    this.#at += 1;
    return named;
  }

  #step(): StepSyntax {
    const token = this.#peek();
    if (this.#accept('take')) return this.#take();
    if (this.#accept('emit')) return { op: 'emit' };
    if (this.#accept('noop')) return { op: 'noop' };
    if (token.text === 'choose' || token.text === 'chooseleaf') return this.#choose();
    const op = valueSteps.get(token.text);
    if (op === undefined) {
      throw this.#expected(
        'a step (take, choose, chooseleaf, emit or set_...)',
        'a rule takes a bucket, chooses, and emits',
      );
    }
    this.#at += 1;
    return { op, value: this.#natural(token.text, int32Max).value };
  }

  #take(): StepSyntax {
    const item = this.#name('the bucket to take');
    if (!this.#accept('class')) return { op: 'take', item };
    return { op: 'take', item, deviceClass: this.#name('the device class') };
  }

  #choose(): StepSyntax {
    const verb = this.#peek().text;
    this.#at += 1;
    const op = chooseSteps.get(`${verb} ${this.#peek().text}`);
    if (op === undefined) throw this.#expected('firstn or indep', 'firstn for replicas, indep for erasure codes');
    this.#at += 1;
    const count = this.#integer('how many to choose', int32Min, int32Max).value;
    this.#keyword('type');
    return { op, count, type: this.#name('the type to choose') };
  }

  #chooseArgs(): ChooseArgsSyntax {
    this.#keyword('choose_args');
    const name = this.#poolName();
    this.#keyword('{');
    const buckets: BucketArgsSyntax[] = [];
    while (!this.#accept('}')) buckets.push(this.#bucketArgs());
    return { name, buckets };
  }

  /** 64 bits; crushtool prints the default set, -1, as the unsigned number with all bits set. */
  #poolName(): At<bigint> {
    const at = this.#peek();
    if (!integerPattern.test(at.text) || at.text.length > 20) throw this.#expected('a pool id', 'or -1, for all pools');
    const value = BigInt(at.text);
    if (value > 0xffff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) {
      throw this.#expected('a pool id of 64 bits', 'or -1, for all pools');
    }
    this.#at += 1;
    return { value: BigInt.asIntN(64, value), at };
  }

  #bucketArgs(): BucketArgsSyntax {
    this.#keyword('{', '"{" or "}"');
    this.#keyword('bucket_id');
    const bucket = this.#integer('the id of a bucket', bucketIdMin, -1);
    const weightSet = this.#weightSet();
    const ids = this.#ids();
    this.#keyword('}', '"weight_set", "ids" or "}", in this order');
    return { bucket, ...(weightSet === undefined ? {} : { weightSet }), ...(ids === undefined ? {} : { ids }) };
  }

  #weightSet(): At<readonly At<readonly number[]>[]> | undefined {
    const at = this.#peek();
    if (!this.#accept('weight_set')) return undefined;
    this.#keyword('[');
    const positions: At<readonly number[]>[] = [];
    while (!this.#accept(']')) {
      const start = this.#peek();
      this.#keyword('[', '"[" or "]"');
      const weights: number[] = [];
      while (!this.#accept(']')) weights.push(this.#weight('a weight or "]"').value);
      positions.push({ value: weights, at: start });
    }
    return { value: positions, at };
  }

  #ids(): At<readonly number[]> | undefined {
    const at = this.#peek();
    if (!this.#accept('ids')) return undefined;
    this.#keyword('[');
    const ids: number[] = [];
    while (!this.#accept(']')) ids.push(this.#integer('an id or "]"', int32Min, int32Max).value);
    return { value: ids, at };
  }

  #peek(): Token {
    // The last token is the empty one, and nothing steps past it: every step names what it accepts.
    return this.#tokens[this.#at] ?? { text: '', line: 1, column: 1 };
  }

  #accept(text: string): boolean {
    if (this.#peek().text !== text) return false;
    this.#at += 1;
    return true;
  }

  #keyword(text: string, expected = `"${text}"`): void {
    if (!this.#accept(text)) throw this.#expected(expected, 'compare with what `cairn crush decompile` prints');
  }

  #name(what: string): At<string> {
    const at = this.#peek();
    if (!namePattern.test(at.text)) throw this.#expected(what, 'names are made of letters, digits, "-", "_" and "."');
    this.#at += 1;
    return { value: at.text, at };
  }

  #natural(what: string, max: number): At<number> {
    const at = this.#peek();
    if (!naturalPattern.test(at.text)) throw this.#expected(what, 'write a whole number');
    return this.#integer(what, 0, max);
  }

  #integer(what: string, min: number, max: number): At<number> {
    const at = this.#peek();
    if (!integerPattern.test(at.text)) throw this.#expected(what, 'write a whole number');
    // A longer word is far out of range, and turning it into a number would only cost time.
    const value = at.text.length > 20 ? Number.NaN : Number(at.text);
    if (!(value >= min && value <= max)) throw this.#expected(`${what}, ${min} to ${max}`, 'choose one in this range');
    this.#at += 1;
    return { value: value === 0 ? 0 : value, at };
  }

  /** 16.16, by way of a 32-bit float as Ceph does it, since the last bits of a weight decide placements. */
  #weight(what: string): At<number> {
    const at = this.#peek();
    if (!realPattern.test(at.text)) throw this.#expected(what, 'write a number such as 1.000');
    const value = Math.trunc(Math.fround(Number(at.text)) * 0x10000);
    if (!(value >= 0 && value <= weightSumMax)) {
      throw this.#expected(`${what}, 0 to ${bucketWeightMax / 0x10000}`, 'choose one in this range');
    }
    this.#at += 1;
    return { value: value === 0 ? 0 : value, at };
  }

  #expected(what: string, hint: string): CairnError {
    const token = this.#peek();
    return parseError(token, `expected ${what}, found ${showToken(token)}; ${hint}`);
  }
}
