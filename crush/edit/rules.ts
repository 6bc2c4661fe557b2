/** Changes of rules. Each returns a new map and leaves the old one as it was. */
import { CairnError } from '../../base/errors.js';
import { ruleIdMax } from '../limits.js';
import type { CrushMap, Rule, RuleStep } from '../types.js';
import { Draft } from './draft.js';
import { checkName } from './location.js';

export interface NewRule {
  readonly name: string;
  /** The bucket to start from. */
  readonly root: string;
  /** The type of which no two copies share a bucket, such as `host`; that of devices (`osd`) for no such limit. */
  readonly failureDomain: string;
  /** Only devices of this class. */
  readonly deviceClass?: string;
}

/** Errors: `EXISTS`, `NOT_FOUND` (root, type or class), `CONFLICT` (no number is free), `INVALID_ARGUMENT`. */
export function createReplicatedRule(map: CrushMap, rule: NewRule): CrushMap {
  return createRule(map, rule, { type: 1, minSize: 1, maxSize: 10, mode: 'firstn', before: [] });
}

/** As `createReplicatedRule`, for erasure-coded pools: positions are kept, and it tries harder to fill them all. */
export function createErasureRule(map: CrushMap, rule: NewRule): CrushMap {
  const before: RuleStep[] = [
    { op: 'set-chooseleaf-tries', value: 5 },
    { op: 'set-choose-tries', value: 100 },
  ];
  return createRule(map, rule, { type: 3, minSize: 3, maxSize: 20, mode: 'indep', before });
}

/** Errors: `NOT_FOUND`. Whether a pool uses the rule is for the caller to know. */
export function removeRule(map: CrushMap, name: string): CrushMap {
  const draft = new Draft(map);
  draft.rules.delete(ruleNamed(draft, name).id);
  return draft.finish();
}

/** Errors: `NOT_FOUND`, `EXISTS`, `INVALID_ARGUMENT`. */
export function renameRule(map: CrushMap, name: string, newName: string): CrushMap {
  const draft = new Draft(map);
  const rule = ruleNamed(draft, name);
  checkNewRuleName(draft, newName);
  draft.rules.set(rule.id, { ...rule, name: newName });
  return draft.finish();
}

interface Shape {
  readonly type: number;
  readonly minSize: number;
  readonly maxSize: number;
  readonly mode: 'firstn' | 'indep';
  readonly before: readonly RuleStep[];
}

function createRule(map: CrushMap, { name, root, failureDomain, deviceClass }: NewRule, shape: Shape): CrushMap {
  // A map that has had no rule yet has no shadow trees either, and the rule may need one.
  const base = deviceClass === undefined ? map : new Draft(map).finish();
  const draft = new Draft(base);
  checkNewRuleName(draft, name);
  let id = 0;
  while (draft.rules.has(id)) id += 1;
  if (id > ruleIdMax) throw new CairnError('CONFLICT', `the map has ${ruleIdMax + 1} rules; remove one first`);
  const take = takeStep(draft, root, deviceClass);
  const type = typeId(draft, failureDomain);
  const choose: RuleStep = {
    op: type === 0 ? `choose-${shape.mode}` : `chooseleaf-${shape.mode}`,
    count: 0,
    type,
  };
  const steps = [...shape.before, take, choose, { op: 'emit' as const }];
  // Later versions of Ceph have dropped the sizes; a map that does without stays without.
  const sized = [...base.rules.values()].every(({ minSize }) => minSize !== undefined);
  const sizes = sized ? { minSize: shape.minSize, maxSize: shape.maxSize } : {};
  const rules = new Map(base.rules).set(id, { id, name, type: shape.type, ...sizes, steps });
  return { ...base, rules };
}

function takeStep(draft: Draft, root: string, deviceClass: string | undefined): RuleStep {
  const { id } = draft.bucketNamed(root);
  if (deviceClass === undefined) return { op: 'take', item: id };
  const shadow = draft.shadowOf(id, deviceClass);
  if (shadow !== undefined) return { op: 'take', item: shadow };
  throw new CairnError(
    'NOT_FOUND',
    `${root} has no tree of class ${deviceClass}; give devices below it that class, and avoid uniform buckets there`,
  );
}

function typeId(draft: Draft, name: string): number {
  for (const [id, known] of draft.types) if (known === name) return id;
  throw new CairnError(
    'NOT_FOUND',
    `the map has no type ${name}; choose one of ${[...draft.types.values()].join(', ')}`,
  );
}

function ruleNamed(draft: Draft, name: string): Rule {
  for (const rule of draft.rules.values()) if (rule.name === name) return rule;
  const known = [...draft.rules.values()].map((rule) => rule.name).join(', ');
  throw new CairnError(
    'NOT_FOUND',
    `no rule is called ${name}; ${known === '' ? 'the map has none' : `there are ${known}`}`,
  );
}

function checkNewRuleName(draft: Draft, name: string): void {
  checkName(name, 'rule');
  for (const rule of draft.rules.values()) {
    if (rule.name === name) throw new CairnError('EXISTS', `a rule is called ${name} already; choose another name`);
  }
}
