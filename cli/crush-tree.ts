/** `cairn crush tree`: the hierarchy, as `crushtool --tree` prints it. */
import type { Command } from 'commander';
import { fixedDecimals } from '../crush/text-printer.js';
import { type TreeNode, treeNodes } from '../crush/tree.js';
import { type CrushMap, weightOne } from '../crush/types.js';
import type { CliContext } from './context.js';
import { readCrushMap } from './crush-map-file.js';
import { withClusterCrush } from './crush-of-cluster.js';
import { type Column, formatTable } from './table.js';

export function addCrushTree(crush: Command, context: CliContext): void {
  const command = crush.command('tree');
  command
    .description('Show the hierarchy of a map, and the shadow trees of its device classes.')
    .argument('[file]', 'text or binary map, - for stdin; without it the map of the cluster')
    .option('--shadow', 'show shadow trees (the default for a file)')
    .option('--no-shadow', 'leave shadow trees out (the default for the cluster)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn crush tree crush.txt\n  cairn crush tree --no-shadow --json crushmap.bin',
    )
    .action(async (file: string | undefined, options: { shadow?: boolean; json?: boolean }) => {
      const show = (map: CrushMap): void => {
        const nodes = treeNodes(map, options.shadow ?? file !== undefined);
        context.print(options.json === true ? crushTreeJson(nodes) : crushTreeTable(map, nodes));
      };
      if (file === undefined) await withClusterCrush(command, context, show);
      else show(await readCrushMap(context, file));
    });
}

export function crushTreeTable(map: CrushMap, nodes: readonly TreeNode[]): string {
  const sets = [...map.chooseArgs.keys()].sort((a, b) => (a < b ? -1 : 1));
  const columns: Column[] = [
    { title: 'ID', align: 'right' },
    { title: 'CLASS', align: 'right' },
    { title: 'WEIGHT', align: 'right' },
    ...sets.map((name) => ({ title: name === -1n ? '(compat)' : String(name), align: 'right' as const })),
    { title: 'TYPE NAME' },
  ];
  const rows = nodes.map((node) => [
    String(node.id),
    node.deviceClass ?? '',
    weightText(node.weight),
    ...sets.map((name) => {
      const weight = node.weightSets.get(name);
      return weight === undefined ? '' : weightText(weight);
    }),
    `${'    '.repeat(node.depth)}${node.id < 0 ? `${node.type} ` : ''}${node.name}`,
  ]);
  return formatTable(columns, rows);
}

function weightText(weight: number): string {
  return weight === 0 ? '0' : fixedDecimals(Math.fround(weight), 5);
}

export function crushTreeJson(nodes: readonly TreeNode[]): string {
  const plain = nodes.map(({ id, name, type, depth, weight, deviceClass, weightSets }) => ({
    id,
    name,
    type,
    depth,
    weight: weight / weightOne,
    ...(deviceClass === undefined ? {} : { deviceClass }),
    ...(weightSets.size === 0
      ? {}
      : { weightSets: Object.fromEntries([...weightSets].map(([set, value]) => [String(set), value / weightOne])) }),
  }));
  return `${JSON.stringify({ nodes: plain }, undefined, 2)}\n`;
}
