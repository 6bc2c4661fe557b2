/** `crush rule create-replicated`, `rm` and `rename`. */
import { CairnError } from '../../base/errors.js';
import { type NewRule, createReplicatedRule, removeRule, renameRule } from '../../crush/edit/rules.js';
import type { CrushMap, Rule } from '../../crush/types.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { alreadySo, crushEffects } from './crush-effects.js';
import type { CommandContext } from './types.js';

type CrushOutcome = Promise<Effects<ChangeReport>> | Effects<ChangeReport>;

interface CreateArgs {
  readonly name: string;
  readonly root: string;
  readonly failureDomain: string;
  readonly deviceClass?: string | undefined;
}

export function evaluateCrushRuleCreate(args: CreateArgs, context: CommandContext): CrushOutcome {
  const { crush } = context.state.map;
  const { name, root, failureDomain, deviceClass } = args;
  const wanted: NewRule = { name, root, failureDomain, ...(deviceClass === undefined ? {} : { deviceClass }) };
  const present = ruleNamed(crush, name);
  if (present !== undefined && isSame(present, ruleLike(crush, present, wanted))) {
    return alreadySo(`rule ${name} is there already`);
  }
  const what = `${deviceClass === undefined ? '' : `${deviceClass} `}devices of ${root} in different ${failureDomain}s`;
  return crushEffects(context, createReplicatedRule(crush, wanted), name, `made rule ${name}: ${what}`);
}

export function evaluateCrushRuleRm({ name }: { readonly name: string }, context: CommandContext): CrushOutcome {
  const { crush, pools } = context.state.map;
  const rule = ruleNamed(crush, name);
  if (rule === undefined) return alreadySo(`CRUSH has no rule called ${name}`);
  const users = [...pools.values()].filter((pool) => pool.rule === rule.id).map((pool) => pool.name);
  if (users.length > 0) {
    const how = '`cairn pool set POOL rule OTHER` first';
    throw new CairnError('CONFLICT', `rule ${name} places the pools ${users.slice(0, 8).join(', ')}; ${how}`);
  }
  return crushEffects(context, removeRule(crush, name), name, `removed rule ${name}`);
}

interface RenameArgs {
  readonly name: string;
  readonly newName: string;
}

export function evaluateCrushRuleRename({ name, newName }: RenameArgs, context: CommandContext): CrushOutcome {
  const { crush } = context.state.map;
  const isRenamed = ruleNamed(crush, name) === undefined && ruleNamed(crush, newName) !== undefined;
  if (isRenamed || name === newName) return alreadySo(`rule ${newName} is called so already`);
  return crushEffects(context, renameRule(crush, name, newName), newName, `renamed rule ${name} to ${newName}`);
}

function ruleNamed(crush: CrushMap, name: string): Rule | undefined {
  return [...crush.rules.values()].find((rule) => rule.name === name);
}

/** The rule that would be made now, were there none of that name. */
function ruleLike(crush: CrushMap, present: Rule, wanted: NewRule): Rule | undefined {
  const rules = new Map(crush.rules);
  rules.delete(present.id);
  return ruleNamed(createReplicatedRule({ ...crush, rules }, wanted), wanted.name);
}

function isSame(a: Rule, b: Rule | undefined): boolean {
  return b !== undefined && a.type === b.type && JSON.stringify(a.steps) === JSON.stringify(b.steps);
}
