/** What a pool's rule must be, and how well it places the copies that the pool wants. */
import { CairnError } from '../../base/errors.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { Pool } from '../../cluster/pool.js';
import { byId } from '../../crush/text-printer.js';
import type { CrushMap, Rule } from '../../crush/types.js';
import { rawSets } from './up-sets.js';

/** As Ceph numbers kinds of rules. */
const replicatedRule = 1;

/** By name or number. Throws `NOT_FOUND`, and `INVALID_ARGUMENT` for a rule of another kind. */
export function replicatedRuleNamed(crush: CrushMap, name: string): Rule {
  const rule = byId(crush.rules).find((one) => one.name === name || String(one.id) === name);
  if (rule === undefined) {
    const names = byId(crush.rules).map((one) => ruleText(one));
    const hint =
      names.length === 0 ? 'make one with `cairn crush rule create-replicated`' : `choose one of ${names.join(', ')}`;
    throw new CairnError('NOT_FOUND', `no rule is called ${name}; ${hint}`);
  }
  return checkKind(rule);
}

/** The one with the lowest number, as in Ceph. Throws `NOT_FOUND`. */
export function defaultReplicatedRule(crush: CrushMap): Rule {
  const rule = byId(crush.rules).find(({ type }) => type === replicatedRule);
  if (rule !== undefined) return rule;
  throw new CairnError(
    'NOT_FOUND',
    'CRUSH has no replicated rule; make one with `cairn crush rule create-replicated NAME default host`',
  );
}

function checkKind(rule: Rule): Rule {
  if (rule.type === replicatedRule) return rule;
  throw new CairnError('INVALID_ARGUMENT', `rule ${ruleText(rule)} is not for replicated pools; choose another`);
}

export function ruleText({ name, id }: Rule): string {
  return name === '' ? String(id) : name;
}

/** PGs tried: a rule that finds too few OSDs does so for nearly every PG. */
const samplePgCount = 32;

/** A sentence when the rule finds fewer OSDs that are in than the pool wants copies. */
export function shortageText(map: ClusterMap, pool: Pool): string | undefined {
  const upOf = rawSets({ ...map, pools: new Map([[pool.id, pool]]), upmaps: new Map() });
  let least = pool.size;
  for (let pg = 0; pg < Math.min(pool.pgNum, samplePgCount); pg += 1) {
    least = Math.min(least, upOf(pool.id, pg).length);
  }
  if (least === pool.size) return undefined;
  const rule = map.crush.rules.get(pool.rule);
  const name = rule === undefined ? pool.rule : ruleText(rule);
  const serves = least >= pool.minSize ? 'it serves with fewer copies' : 'it serves nobody';
  return `rule ${name} finds ${least} of ${pool.size} OSDs for some PGs: ${serves} until there are more`;
}
