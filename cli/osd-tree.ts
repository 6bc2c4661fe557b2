/** `cairn osd tree`: the hierarchy with the state of each OSD. */
import type { Command } from 'commander';
import { type OsdTree, type OsdTreeNode, osdTree } from '../protocol/commands/osd.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { childIds, filterTree, treeStates } from './osd-tree-filter.js';
import { printJson } from './print-json.js';
import { type Column, formatTable } from './table.js';

export function addOsdTree(osd: Command, context: CliContext): void {
  const command = osd.command('tree').description('Show where OSDs stand, and which of them are up and in.');
  command
    .argument('[states...]', `only OSDs that are all of these: ${treeStates.join(', ')}`)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn osd tree\n  cairn osd tree down\n  cairn osd tree --json')
    .action(async (states: string[], options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(osdTree, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const tree = filterTree(answer.result, states);
        if (options.json === true) printJson(context, treeJson(tree, answer.isStale));
        else context.print(treeTable(tree));
      });
    });
}

const columns: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'CLASS', align: 'right' },
  { title: 'WEIGHT', align: 'right' },
  { title: 'TYPE NAME' },
  { title: 'STATUS', align: 'right' },
  { title: 'REWEIGHT', align: 'right' },
];

function treeTable({ nodes, stray }: OsdTree): string {
  const all = [...nodes, ...stray];
  return formatTable(...withDrain(columns, all.map(treeRow), all));
}

/** One column more, and only while there is something to say in it: the others are where Ceph has them. */
export function withDrain(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  nodes: readonly OsdTreeNode[],
): [readonly Column[], readonly (readonly string[])[]] {
  if (nodes.every(({ osd }) => osd?.drain === undefined)) return [columns, rows];
  return [[...columns, { title: 'DRAIN' }], rows.map((row, index) => [...row, nodes[index]?.osd?.drain ?? ''])];
}

function treeRow(node: OsdTreeNode): string[] {
  return [
    String(node.id),
    node.deviceClass ?? '',
    weightText(node.crushWeight),
    typeName(node),
    statusText(node),
    node.osd === undefined ? '' : weightText(node.osd.reweight),
  ];
}

/** Indented, as the tree is. */
export function typeName({ id, depth, type, name }: OsdTreeNode): string {
  return `${'    '.repeat(depth)}${id < 0 ? `${type} ` : ''}${name}`;
}

/** As Ceph prints weights: five decimals, nothing as 0. */
export function weightText(weight: number): string {
  return weight < 0.000001 ? '0' : weight.toFixed(5);
}

/** `DNE`, does not exist, as Ceph says of an OSD that only CRUSH knows. */
export function statusText({ osd }: OsdTreeNode): string {
  if (osd === undefined) return '';
  return osd.status === 'absent' ? 'DNE' : osd.status;
}

/** With the names of `ceph osd tree --format json`. */
function treeJson(tree: OsdTree, stale: boolean) {
  const children = childIds(tree.nodes);
  return {
    nodes: tree.nodes.map((node, index) => treeNodeJson(node, children[index] ?? [])),
    stray: tree.stray.map((node) => treeNodeJson(node, [])),
    stale,
  };
}

export function treeNodeJson(node: OsdTreeNode, children: readonly number[]): Record<string, unknown> {
  const { id, deviceClass, name, type, typeNumber, crushWeight, depth, osd } = node;
  const common = { id, name, type, type_id: typeNumber };
  if (osd === undefined) return { ...common, children };
  return {
    ...common,
    ...(deviceClass === undefined ? {} : { device_class: deviceClass }),
    crush_weight: crushWeight,
    depth,
    exists: osd.status === 'absent' ? 0 : 1,
    status: osd.status === 'up' ? 'up' : 'down',
    drain: osd.drain ?? null,
    reweight: osd.reweight,
  };
}
