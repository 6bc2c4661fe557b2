/** `cairn status`: the cluster on one page, as `ceph -s` has it. */
import type { Command } from 'commander';
import type { WaitOptions } from '../runtime/clock.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import { logLast } from '../protocol/commands/log.js';
import { type ClusterStatus, clusterStatus } from '../protocol/commands/status.js';
import { ageText } from './age-text.js';
import { bytesText } from './bytes-text.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { followLog } from './follow-log.js';
import { healthSummary } from './health-text.js';
import { logLine } from './log-line.js';
import { recoveringPoolLines, recoveryText } from './recovery-text.js';
import { printJson } from './print-json.js';

interface Options {
  readonly watch?: boolean;
  readonly json?: boolean;
}

export function registerStatusCommand(program: Command, context: CliContext): void {
  program
    .command('status')
    .description(
      'Show how the cluster is: health, monitors, OSDs, data. `cairn -s` is short for it, `cairn -w` for status -w.\n\n' +
        'Without a quorum it shows what a monitor knew last, and says so.',
    )
    .option('-w, --watch', 'go on with the cluster log as it grows, until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn status\n  cairn status -w\n  cairn status --json')
    .action((options: Options, command: Command) =>
      withCluster(command, context, (client, wait) => showStatus(options, context, client, wait)),
    );
}

async function showStatus(
  { watch, json }: Options,
  context: CliContext,
  client: MonitorClient,
  wait: WaitOptions,
): Promise<void> {
  // Looked at first: what happens while the status is made is shown after it.
  const options = { ...wait, mayBeStale: true };
  const seen =
    watch === true ? await client.query(logLast, { count: 1, after: 0, level: 'debug' }, options) : undefined;
  const answer = await client.query(clusterStatus, {}, options);
  noteStale(context, answer);
  if (json === true) printJson(context, { ...answer.result, stale: answer.isStale });
  else context.print(statusText(context, answer.result));
  if (seen === undefined) return;
  const after = seen.result.newest;
  await followLog(client, context, { after, level: 'info', show: (record) => context.print(logLine(context, record)) });
}

function statusText(context: CliContext, status: ClusterStatus): string {
  const { osdmap, pgmap } = status;
  const used = `${bytesText(pgmap.bytes_used)} used, ${bytesText(pgmap.bytes_avail)} / ${bytesText(pgmap.bytes_total)} avail`;
  const flags = osdmap.flags.length === 0 ? [] : [`flags ${osdmap.flags.join(',')}`];
  return [
    '  cluster:',
    ...field('id:', [status.fsid]),
    ...field('health:', healthSummary(context, status.health)),
    '',
    '  services:',
    ...field('mon:', [monitorsText(status)]),
    ...field('osd:', [osdsText(osdmap), ...flags]),
    '',
    '  data:',
    ...field('pools:', [`${pgmap.num_pools} pools, ${pgmap.num_pgs} pgs`]),
    ...field('objects:', [`${pgmap.num_objects} objects, ${bytesText(pgmap.data_bytes)}`]),
    ...field('usage:', [used]),
    ...field('pgs:', pgLines(pgmap)),
    '',
    ...ioLines(pgmap),
    '',
  ].join('\n');
}

/** The first line behind its title, the others below it. */
function field(title: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `    ${(i === 0 ? title : '').padEnd(8)} ${line}`);
}

function monitorsText({ monmap, quorum_leader_name: leader, quorum_age: age }: ClusterStatus): string {
  const daemons = `${monmap.num_mons} daemons`;
  if (monmap.quorum.length === 0) return `${daemons}, no quorum`;
  const out = monmap.mons.filter(({ name, role }) => role === 'voter' && !monmap.quorum.includes(name));
  const missing = out.length === 0 ? '' : `, out of quorum: ${out.map(({ name }) => name).join(',')}`;
  const since = age === undefined ? '' : ` (age ${ageText(age)})`;
  return `${daemons}, quorum ${monmap.quorum.join(',')}${since}, leader ${leader === '' ? 'none' : leader}${missing}`;
}

function osdsText({
  num_osds: all,
  num_up_osds: up,
  num_in_osds: inside,
  num_remapped_pgs: remapped,
}: ClusterStatus['osdmap']): string {
  return `${all} osds: ${up} up, ${inside} in${remapped === 0 ? '' : `; ${remapped} remapped pgs`}`;
}

function pgLines(pgmap: ClusterStatus['pgmap']): string[] {
  const copies = (count: number, ratio: number, what: string): string[] =>
    count === 0 ? [] : [`${count}/${pgmap.total_copies} objects ${what} (${(100 * ratio).toFixed(3)}%)`];
  const width = Math.max(0, ...pgmap.pgs_by_state.map(({ count }) => String(count).length));
  return [
    ...copies(pgmap.degraded_objects, pgmap.degraded_ratio, 'degraded'),
    ...copies(pgmap.misplaced_objects, pgmap.misplaced_ratio, 'misplaced'),
    ...(pgmap.unfound_objects === 0 ? [] : [`${pgmap.unfound_objects} objects unfound`]),
    ...pgmap.pgs_by_state.map(({ state_name, count }) => `${String(count).padEnd(width)} ${state_name}`),
  ];
}

/** What is under way, as Ceph's section `io:` has it; nothing when nothing is. */
function ioLines(pgmap: ClusterStatus['pgmap']): string[] {
  // What was recovered in the last seconds is no news once nothing is left.
  if (pgmap.recovery_objects_left === 0 && pgmap.recovery_bytes_left === 0) return [];
  const lines = [recoveryText(pgmap), ...recoveringPoolLines(pgmap.recovering_pools)];
  return ['  io:', ...field('recovery:', lines), ''];
}
