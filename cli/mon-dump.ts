/** `cairn mon dump`: every monitor with what is known of it. */
import type { Command } from 'commander';
import { printAddress } from '../protocol/address-text.js';
import { hearingText } from '../protocol/hearing.js';
import { type MonitorLine, type MonitorList, monDump } from '../protocol/commands/mon.js';
import { bytesText } from './bytes-text.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

export function addMonDump(mon: Command, context: CliContext): void {
  mon
    .command('dump')
    .description('Show every monitor: its address, its role, its clock, its disk.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn mon dump\n  cairn mon dump --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await withCluster(command, context, (client, wait) =>
        client.query(monDump, {}, { ...wait, mayBeStale: true }),
      );
      noteStale(context, answer);
      if (options.json === true) printJson(context, { ...answer.result, stale: answer.isStale });
      else context.print(dumpText(answer.result));
    });
}

function dumpText(list: MonitorList): string {
  const table = formatTable(
    [
      { title: 'NAME' },
      { title: 'MEMBER', align: 'right' },
      { title: 'ADDRESS' },
      { title: 'ROLE' },
      { title: 'QUORUM' },
      { title: 'CLOCK', align: 'right' },
      { title: 'STORE', align: 'right' },
      { title: 'DISK FREE', align: 'right' },
      { title: 'VERSION' },
    ],
    list.monitors.map((monitor) => rowOf(monitor, list.hasQuorum)),
  );
  const head = `epoch ${list.epoch}\nfsid ${list.fsid}\nterm ${list.term}\n`;
  const { expected } = list;
  const rest = expected.length === 0 ? '' : `not joined yet: ${expected.join(', ')} (see \`cairn mon add --help\`)\n`;
  const heard = list.hearing === undefined ? '' : `no quorum: ${hearingText(list.hearing)}\n`;
  return head + table + heard + rest;
}

function rowOf(monitor: MonitorLine, hasQuorum: boolean): string[] {
  const { clockOffsetMs, storeBytes, diskFreeBytes } = monitor;
  return [
    monitor.name,
    String(monitor.member),
    printAddress(monitor.address),
    monitor.isLeader ? 'leader' : monitor.role,
    hasQuorum && monitor.isInQuorum ? 'yes' : 'no',
    clockOffsetMs === undefined ? '-' : `${clockOffsetMs.toFixed(1)} ms`,
    storeBytes === undefined ? '-' : bytesText(storeBytes),
    diskFreeBytes === undefined ? '-' : bytesText(diskFreeBytes),
    monitor.version ?? '-',
  ];
}
