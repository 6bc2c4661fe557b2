/** `cairn df`: room and use, of the whole cluster and by pool, as `ceph df` has it. */
import type { Command } from 'commander';
import { clusterDf, type ClusterDf, type PoolSpace, type RawSpace } from '../protocol/commands/df.js';
import { bytesText } from './bytes-text.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { type Column, formatTable } from './table.js';

export function registerDfCommand(program: Command, context: CliContext): void {
  const command = program.command('df').description('Show how much room there is, and which pools take how much.');
  command
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nSTORED is what clients wrote, once; USED counts the copies. MAX AVAIL is what clients can still write until the\n' +
        'first OSD of the pool is full. "-" stands for what an OSD has not told yet.\n' +
        '\nExamples:\n  cairn df\n  cairn df --json',
    )
    .action(async (options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(clusterDf, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        if (options.json === true) printJson(context, dfJson(answer.result, answer.isStale));
        else context.print(dfText(answer.result));
      });
    });
}

const right = 'right';

const rawColumns: readonly Column[] = [
  { title: 'CLASS' },
  ...['SIZE', 'AVAIL', 'USED', '%USED'].map((title) => ({ title, align: right }) as const),
];

const poolColumns: readonly Column[] = [
  { title: 'POOL' },
  ...['ID', 'PGS', 'STORED', 'OBJECTS', 'USED', '%USED', 'MAX AVAIL'].map(
    (title) => ({ title, align: right }) as const,
  ),
];

function dfText({ total, classes, pools }: ClusterDf): string {
  const raw = [
    ...classes.map((one) => rawRow(one.deviceClass === '' ? '-' : one.deviceClass, one)),
    rawRow('TOTAL', total),
  ];
  return `--- RAW STORAGE ---\n${formatTable(rawColumns, raw)}\n--- POOLS ---\n${formatTable(poolColumns, pools.map(poolRow))}`;
}

function rawRow(title: string, space: RawSpace): string[] {
  const { totalBytes, usedBytes } = space;
  const sizes = [totalBytes, free(space), usedBytes].map(bytesText);
  return [title, ...sizes, percent(share(usedBytes, totalBytes))];
}

function poolRow(pool: PoolSpace): string[] {
  const { name, id, pgs, storedBytes, objects, usedBytes, availableBytes } = pool;
  const used = usedShare(pool);
  return [
    name,
    String(id),
    String(pgs),
    bytesText(storedBytes),
    String(objects),
    bytesText(usedBytes),
    used === undefined ? '-' : percent(used),
    availableBytes === undefined ? '-' : bytesText(availableBytes),
  ];
}

function free({ totalBytes, usedBytes }: RawSpace): number {
  return Math.max(0, totalBytes - usedBytes);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Of what the pool has and could have. */
function usedShare({ usedBytes, availableBytes, size }: PoolSpace): number | undefined {
  return availableBytes === undefined ? undefined : share(usedBytes, usedBytes + availableBytes * size);
}

function percent(value: number): string {
  return (100 * value).toFixed(2);
}

/** With the names of `ceph df --format json`; ratios are 0 to 1. */
function dfJson({ total, classes, pools }: ClusterDf, stale: boolean) {
  return {
    stats: rawJson(total),
    stats_by_class: Object.fromEntries(classes.map((one) => [one.deviceClass, rawJson(one)])),
    pools: pools.map((pool) => ({
      name: pool.name,
      id: pool.id,
      stats: {
        stored: pool.storedBytes,
        objects: pool.objects,
        bytes_used: pool.usedBytes,
        percent_used: usedShare(pool) ?? null,
        max_avail: pool.availableBytes ?? null,
      },
    })),
    stale,
  };
}

function rawJson(space: RawSpace) {
  const { osds, totalBytes, usedBytes } = space;
  return {
    num_osds: osds,
    total_bytes: totalBytes,
    total_avail_bytes: free(space),
    total_used_bytes: usedBytes,
    total_used_ratio: share(usedBytes, totalBytes),
  };
}
