/** `cairn osd df`: how full each OSD is, with how far that is from the average. */
import { type Command, Argument } from 'commander';
import { type OsdDf, osdDf } from '../protocol/commands/osd.js';
import { bytesText } from './bytes-text.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { type DfLine, type DfSummary, dfLines, dfSummary } from './osd-df-lines.js';
import { childIds } from './osd-tree-filter.js';
import { statusText, treeNodeJson, typeName, weightText, withDrain } from './osd-tree.js';
import { printJson } from './print-json.js';
import { type Column, formatTable } from './table.js';

export function addOsdDf(osd: Command, context: CliContext): void {
  const command = osd.command('df').description('Show the use of each OSD, as the OSDs themselves reported it last.');
  command
    .addArgument(new Argument('[form]', 'with the hierarchy').choices(['tree', 'plain']))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\n%USE is of the size; VAR is %USE over the average of all. "-" stands for what no OSD has told yet.\n' +
        '\nExamples:\n  cairn osd df\n  cairn osd df tree\n  cairn osd df --json',
    )
    .action(async (form: string | undefined, options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(osdDf, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const lines = dfLines(answer.result);
        const summary = dfSummary(lines);
        const isTree = form === 'tree';
        if (options.json === true) printJson(context, dfJson(answer.result, lines, summary, isTree, answer.isStale));
        else context.print(dfTable(lines, summary, isTree));
      });
    });
}

const plainColumns: readonly Column[] = [
  'ID',
  'CLASS',
  'WEIGHT',
  'REWEIGHT',
  'SIZE',
  'RAW USE',
  'AVAIL',
  '%USE',
  'VAR',
  'PGS',
  'STATUS',
].map((title) => ({ title, align: 'right' }));

function dfTable(lines: readonly DfLine[], summary: DfSummary, isTree: boolean): string {
  const columns = isTree ? [...plainColumns, { title: 'TYPE NAME' }] : plainColumns;
  const shown = isTree ? lines : lines.filter(({ node }) => node.id >= 0).sort((a, b) => a.node.id - b.node.id);
  const rows = shown.map((line) => dfRow(line).slice(0, columns.length));
  const { total } = summary;
  const sizes = [total.totalBytes, total.usedBytes].map(sizeText);
  const free = availText(total.totalBytes, total.usedBytes);
  const totals = ['', '', '', 'TOTAL', ...sizes, free, percentText(total.use), '', '', '', ''].slice(0, columns.length);
  const table = formatTable(
    ...withDrain(
      columns,
      [...rows, totals],
      shown.map(({ node }) => node),
    ),
  );
  return `${table}${spreadText(summary)}`;
}

/** The last cell is for the form with the tree. */
function dfRow({ node, totalBytes, usedBytes, use, variance, pgs }: DfLine): string[] {
  return [
    String(node.id),
    node.deviceClass ?? '',
    weightText(node.crushWeight),
    node.osd === undefined ? '-' : weightText(node.osd.reweight),
    sizeText(totalBytes),
    sizeText(usedBytes),
    availText(totalBytes, usedBytes),
    percentText(use),
    variance === undefined ? '-' : variance.toFixed(2),
    pgs === undefined ? '-' : String(pgs),
    statusText(node),
    typeName(node),
  ];
}

function availText(totalBytes: number | undefined, usedBytes: number | undefined): string {
  return totalBytes === undefined || usedBytes === undefined ? '-' : sizeText(Math.max(0, totalBytes - usedBytes));
}

function percentText(use: number | undefined): string {
  return use === undefined ? '-' : (100 * use).toFixed(2);
}

function spreadText({ minVariance, maxVariance, deviation }: DfSummary): string {
  const text = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(2));
  return `MIN/MAX VAR: ${text(minVariance)}/${text(maxVariance)}  STDDEV: ${text(deviation)}\n`;
}

/** With the names of `ceph osd df --format json`; what is unknown is null. */
function dfJson(df: OsdDf, lines: readonly DfLine[], summary: DfSummary, isTree: boolean, stale: boolean) {
  const children = childIds(df.nodes);
  const all = lines.map((line, index) => lineJson(line, children[index] ?? []));
  const { total } = summary;
  return {
    nodes: all.slice(0, df.nodes.length).filter(({ id }) => isTree || id >= 0),
    stray: all.slice(df.nodes.length),
    summary: {
      total_kb: kib(total.totalBytes),
      total_kb_used: kib(total.usedBytes),
      total_kb_avail: kib(minus(total.totalBytes, total.usedBytes)),
      average_utilization: percent(total.use),
      min_var: summary.minVariance ?? null,
      max_var: summary.maxVariance ?? null,
      dev: summary.deviation ?? null,
    },
    stale,
  };
}

function lineJson({ node, totalBytes, usedBytes, use, variance, pgs }: DfLine, children: readonly number[]) {
  return {
    ...treeNodeJson(node, children),
    id: node.id,
    kb: kib(totalBytes),
    kb_used: kib(usedBytes),
    kb_avail: kib(minus(totalBytes, usedBytes)),
    utilization: percent(use),
    var: variance ?? null,
    pgs: pgs ?? null,
  };
}

function minus(whole: number | undefined, part: number | undefined): number | undefined {
  return whole === undefined || part === undefined ? undefined : Math.max(0, whole - part);
}

function kib(bytes: number | undefined): number | null {
  return bytes === undefined ? null : Math.floor(bytes / 1024);
}

function percent(use: number | undefined): number | null {
  return use === undefined ? null : 100 * use;
}

function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? '-' : bytesText(bytes);
}
