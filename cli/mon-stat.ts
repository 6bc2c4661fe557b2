/** `cairn mon stat`: the monitors in one line. */
import type { Command } from 'commander';
import { printAddress } from '../protocol/address-text.js';
import { hearingText } from '../protocol/hearing.js';
import { type MonitorList, monDump } from '../protocol/commands/mon.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

export function addMonStat(mon: Command, context: CliContext): void {
  mon
    .command('stat')
    .description(
      'Say in one line which monitors there are, who leads, and who is in quorum; without one, who hears whom.',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn mon stat\n  cairn mon stat --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await withCluster(command, context, (client, wait) =>
        client.query(monDump, {}, { ...wait, mayBeStale: true }),
      );
      noteStale(context, answer);
      if (options.json === true) printJson(context, { ...summary(answer.result), stale: answer.isStale });
      else context.print(statLine(answer.result));
    });
}

function summary(list: MonitorList) {
  return {
    epoch: list.epoch,
    num_mons: list.monitors.length,
    term: list.term,
    leader: list.leader,
    quorum: inQuorum(list),
    ...(list.hearing === undefined ? {} : { hearing: list.hearing }),
  };
}

/** As `ceph mon stat` has it. */
function statLine(list: MonitorList): string {
  const all = list.monitors.map(({ name, address }) => `${name}=${printAddress(address)}`).join(',');
  const leader = list.leader === undefined ? 'no leader' : `leader ${list.leader}`;
  const quorum = list.hasQuorum ? `quorum ${inQuorum(list).join(',')}` : noQuorum(list);
  return `e${list.epoch}: ${list.monitors.length} mons at {${all}}, term ${list.term}, ${leader}, ${quorum}\n`;
}

function noQuorum({ hearing }: MonitorList): string {
  return hearing === undefined ? 'no quorum' : `no quorum: ${hearingText(hearing)}`;
}

/** Nobody, unless they are enough. */
function inQuorum({ hasQuorum, monitors }: MonitorList): string[] {
  return hasQuorum ? monitors.filter(({ isInQuorum }) => isInQuorum).map(({ name }) => name) : [];
}
