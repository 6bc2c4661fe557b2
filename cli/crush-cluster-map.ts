/** `cairn crush get`, `set`, `show` and `dump`: the map of the cluster as a whole. */
import type { Command } from 'commander';
import { encodeCrushBinary } from '../crush/binary-codec.js';
import { byId, itemName, printCrushText, typeName } from '../crush/text-printer.js';
import { treeNodes } from '../crush/tree.js';
import { type CrushMap, weightOne } from '../crush/types.js';
import { crushSet } from '../protocol/commands/crush.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';
import type { CliContext } from './context.js';
import { readCrushMap } from './crush-map-file.js';
import { withClusterCrush } from './crush-of-cluster.js';
import { ruleJson } from './crush-rule.js';
import { crushTreeJson, crushTreeTable } from './crush-tree.js';
import { printJson } from './print-json.js';

export function addCrushGet(crush: Command, context: CliContext): void {
  const command = crush.command('get').description('Get the map of the cluster: binary into a file, else as text.');
  command
    .option('-o, --output <file>', 'where to write the binary map, - for stdout')
    .addHelpText('after', '\nExamples:\n  cairn crush get\n  cairn crush get -o crushmap')
    .action(async (options: { output?: string }) => {
      await withClusterCrush(command, context, async (map, bytes) => {
        if (options.output === undefined) context.print(printCrushText(map));
        else await context.writeFile(options.output, bytes);
      });
    });
}

export function addCrushSet(crush: Command, context: CliContext): void {
  const command = addYesOption(crush.command('set')).description('Replace the map of the cluster.');
  command
    .argument('<file>', 'text or binary map, - for stdin')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nWithout --yes it only says how many PGs would move. What others changed since the map was got is undone.\n' +
        '\nExamples:\n  cairn crush set crush.txt\n  cairn crush set crushmap --yes',
    )
    .action(async (file: string, options: YesOptions & { json?: boolean }) => {
      const map = encodeCrushBinary(await readCrushMap(context, file));
      await withCluster(command, context, async (client, wait) => {
        const report = await client.change(crushSet, { map, confirmed: saidYes(options) }, wait);
        printReport(context, report, options);
      });
    });
}

export function addCrushShow(crush: Command, context: CliContext): void {
  const command = crush.command('show').description('Show the hierarchy of the cluster.');
  command
    .option('--shadow', 'with the shadow trees of device classes')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nFor a map in a file use `cairn crush tree`.\n\nExamples:\n  cairn crush show\n  cairn crush show --shadow',
    )
    .action(async (options: { shadow?: boolean; json?: boolean }) => {
      await withClusterCrush(command, context, (map) => {
        const nodes = treeNodes(map, options.shadow === true);
        context.print(options.json === true ? crushTreeJson(nodes) : crushTreeTable(map, nodes));
      });
    });
}

export function addCrushDump(crush: Command, context: CliContext): void {
  const command = crush.command('dump').description('Print the map of the cluster as JSON.');
  command
    .option('--json', 'print JSON (it always does)')
    .addHelpText('after', '\nExamples:\n  cairn crush dump')
    .action(async () => {
      await withClusterCrush(command, context, (map) => printJson(context, mapJson(map)));
    });
}

/** With the names of `ceph osd crush dump`. */
function mapJson(map: CrushMap) {
  const buckets = [...map.buckets.values()].sort((a, b) => b.id - a.id);
  return {
    devices: byId(map.devices).map(({ id, name, deviceClass }) => ({ id, name, class: deviceClass })),
    types: [...map.types].sort(([a], [b]) => a - b).map(([number, name]) => ({ type_id: number, name })),
    buckets: buckets.map((bucket) => ({
      id: bucket.id,
      name: bucket.name,
      type_id: bucket.type,
      type_name: typeName(map, bucket.type),
      alg: bucket.algorithm,
      hash: 'rjenkins1',
      items: bucket.items.map(({ id, weight }, pos) => ({
        id,
        name: itemName(map, id),
        weight: weight / weightOne,
        pos,
      })),
    })),
    rules: byId(map.rules).map((rule) => ruleJson(map, rule)),
    tunables: Object.fromEntries(
      Object.entries(map.tunables).map(([name, value]) => [
        name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
        value,
      ]),
    ),
    choose_args: Object.fromEntries(
      [...map.chooseArgs].map(([name, args]) => [
        String(name),
        [...args.values()].map(({ bucket, weightSet, ids }) => ({
          bucket_id: bucket,
          weight_set: weightSet.map((weights) => weights.map((weight) => weight / weightOne)),
          ids,
        })),
      ]),
    ),
  };
}
