/** `cairn crush rule …`: the rules of the cluster's map. */
import type { Command } from 'commander';
import { byId, itemName, printRule, typeName } from '../crush/text-printer.js';
import type { CrushMap, Rule, RuleStep } from '../crush/types.js';
import { crushRuleCreateReplicated, crushRuleRename, crushRuleRm } from '../protocol/commands/crush.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printNames } from './crush-class.js';
import { withClusterCrush } from './crush-of-cluster.js';
import { checkRuleExists, ruleIdOf } from './crush-rule-option.js';
import { printJson } from './print-json.js';

interface Json {
  readonly json?: boolean;
}

export function addCrushRule(crush: Command, context: CliContext): void {
  const group = crush.command('rule').description('Rules of the map of the cluster: where pools put their copies.');
  addLs(group, context);
  addDump(group, context);
  addCreateReplicated(group, context);
  addRm(group, context);
  addRename(group, context);
}

function addLs(group: Command, context: CliContext): void {
  const command = group.command('ls').description('List the rules.');
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn crush rule ls')
    .action(async (options: Json) => {
      await withClusterCrush(command, context, (map) => {
        printNames(context, byId(map.rules).map(nameOf), options);
      });
    });
}

function addDump(group: Command, context: CliContext): void {
  const command = group.command('dump').description('Show the steps of one rule, or of all.');
  command
    .argument('[rule]', 'name or number')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn crush rule dump\n  cairn crush rule dump replicated_rule --json')
    .action(async (name: string | undefined, options: Json) => {
      await withClusterCrush(command, context, (map) => {
        const rules = name === undefined ? byId(map.rules) : [ruleNamed(map, name)];
        if (options.json === true) {
          const all = rules.map((rule) => ruleJson(map, rule));
          printJson(context, name === undefined ? all : all[0]);
        } else context.print(rules.map((rule) => printRule(map, rule)).join('\n'));
      });
    });
}

function addCreateReplicated(group: Command, context: CliContext): void {
  const command = group.command('create-replicated').description('Make a rule that puts copies apart from each other.');
  command
    .argument('<name>', 'of the rule')
    .argument('<root>', 'the bucket to choose from, such as default')
    .argument('<type>', 'of which no two copies share a bucket, such as host')
    .argument('[class]', 'only OSDs of this device class')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn crush rule create-replicated by-rack default rack\n' +
        '  cairn crush rule create-replicated fast default host ssd',
    )
    .action(
      async (name: string, root: string, failureDomain: string, deviceClass: string | undefined, options: Json) => {
        const args = { name, root, failureDomain, ...(deviceClass === undefined ? {} : { deviceClass }) };
        await withCluster(command, context, async (client, wait) => {
          printReport(context, await client.change(crushRuleCreateReplicated, args, wait), options);
        });
      },
    );
}

function addRm(group: Command, context: CliContext): void {
  const command = group.command('rm').description('Remove a rule that no pool uses.');
  command
    .argument('<name>', 'of the rule')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn crush rule rm fast')
    .action(async (name: string, options: Json) => {
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(crushRuleRm, { name }, wait), options);
      });
    });
}

function addRename(group: Command, context: CliContext): void {
  const command = group.command('rename').description('Give a rule another name; pools keep using it.');
  command
    .argument('<name>', 'as it is')
    .argument('<newName>', 'as it shall be')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn crush rule rename fast on-ssd')
    .action(async (name: string, newName: string, options: Json) => {
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(crushRuleRename, { name, newName }, wait), options);
      });
    });
}

function ruleNamed(map: CrushMap, name: string): Rule {
  const id = ruleIdOf(map, name);
  checkRuleExists(map, id);
  return byId(map.rules).find((rule) => rule.id === id) as Rule;
}

function nameOf({ id, name }: Rule): string {
  return name === '' ? String(id) : name;
}

/** With the names of `ceph osd crush rule dump`. */
export function ruleJson(map: CrushMap, { id, name, type, steps }: Rule) {
  return { rule_id: id, rule_name: name, type, steps: steps.map((step) => stepJson(map, step)) };
}

function stepJson(map: CrushMap, step: RuleStep): Record<string, unknown> {
  const op = step.op.replaceAll('-', '_');
  if (step.op === 'take') return { op, item: step.item, item_name: itemName(map, step.item) };
  if ('value' in step) return { op, num: step.value };
  if ('type' in step) return { op, num: step.count, type: typeName(map, step.type) };
  return { op };
}
