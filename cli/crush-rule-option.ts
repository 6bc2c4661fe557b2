import { CairnError } from '../base/errors.js';
import { byId } from '../crush/text-printer.js';
import type { CrushMap } from '../crush/types.js';

/** The id of the rule called `name`, or whose id it is; a number need not exist. Throws `NOT_FOUND`. */
export function ruleIdOf(map: CrushMap, name: string): number {
  for (const rule of map.rules.values()) if (rule.name === name) return rule.id;
  if (/^[0-9]{1,9}$/.test(name)) return Number(name);
  throw new CairnError('NOT_FOUND', `no rule is called ${name}; ${knownRules(map)}`);
}

/** Throws `NOT_FOUND` for an id that no rule has. */
export function checkRuleExists(map: CrushMap, id: number): void {
  if (!map.rules.has(id)) throw new CairnError('NOT_FOUND', `the map has no rule ${id}; ${knownRules(map)}`);
}

function knownRules(map: CrushMap): string {
  const names = byId(map.rules).map((rule) => (rule.name === '' ? String(rule.id) : `${rule.name} (${rule.id})`));
  return names.length === 0 ? 'it has no rules' : `choose one of ${names.join(', ')}`;
}
