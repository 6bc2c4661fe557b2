/** A rule as one array of integers: per step an operation and its two arguments. */
import { unreachable } from '../base/invariant.js';
import type { CrushMap, Rule, RuleStep } from './types.js';

/** Numbered as in Ceph. */
export const ruleOperations = {
  noop: 0,
  take: 1,
  'choose-firstn': 2,
  'choose-indep': 3,
  emit: 4,
  'chooseleaf-firstn': 6,
  'chooseleaf-indep': 7,
  'set-choose-tries': 8,
  'set-chooseleaf-tries': 9,
  'set-choose-local-tries': 10,
  'set-choose-local-fallback-tries': 11,
  'set-chooseleaf-vary-r': 12,
  'set-chooseleaf-stable': 13,
} as const satisfies Record<RuleStep['op'], number>;

/** Integers per step. */
export const ruleStride = 3;

export function compileRule(map: CrushMap, rule: Rule): Int32Array {
  return Int32Array.from(rule.steps.flatMap((step) => compileStep(map, step)));
}

function compileStep(map: CrushMap, step: RuleStep): [operation: number, first: number, second: number] {
  const operation = ruleOperations[step.op];
  switch (step.op) {
    case 'take':
      // A search that starts from nothing is skipped, so the items taken before stay.
      return takeable(map, step.item) ? [operation, step.item, 0] : [ruleOperations.noop, 0, 0];
    case 'choose-firstn':
    case 'choose-indep':
    case 'chooseleaf-firstn':
    case 'chooseleaf-indep':
      return [operation, step.count, step.type];
    case 'noop':
    case 'emit':
      return [operation, 0, 0];
    case 'set-choose-tries':
    case 'set-chooseleaf-tries':
    case 'set-choose-local-tries':
    case 'set-choose-local-fallback-tries':
    case 'set-chooseleaf-vary-r':
    case 'set-chooseleaf-stable':
      return [operation, step.value, 0];
    default:
      return unreachable(step);
  }
}

/** A bucket of the map, or any number up to that of the highest device, as Ceph does not know which devices exist. */
function takeable(map: CrushMap, item: number): boolean {
  if (item < 0) return map.buckets.has(item);
  const reaches = (id: number): boolean => id >= item;
  if ([...map.devices.keys()].some(reaches)) return true;
  return [...map.buckets.values()].some((bucket) => bucket.items.some((candidate) => reaches(candidate.id)));
}
