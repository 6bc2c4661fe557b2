/** `cairn osd drain` and `undrain`: taking all data off OSDs, watching it go, and taking that back. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import type { OsdId } from '../cluster/ids.js';
import { osdIn } from '../protocol/commands/osd.js';
import { type DrainStatus, osdDrain, osdDrainStatus } from '../protocol/commands/osd-safety.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import { ageText } from './age-text.js';
import { bytesText } from './bytes-text.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsd } from './osd-arguments.js';
import { printJson } from './print-json.js';

interface Options {
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** Between two looks. The cluster knows more every second. */
const lookMs = 1_000;

export function addOsdDrain(osd: Command, context: CliContext): void {
  const drain = osd.command('drain');
  drain
    .description('Take all data off OSDs: they are marked out, and serve what they have until it is elsewhere.')
    .argument('<osds...>', 'osd.3 or 3, or several of them')
    .option('--wait', 'until no PG has a copy on them that counts, with progress; Ctrl-C ends only the waiting')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\n`cairn osd tree` and `cairn osd df` show who is draining and who is drained; `cairn osd undrain` takes it back.\n' +
        '\nExamples:\n  cairn osd drain osd.3\n  cairn osd drain 3 4 --wait',
    )
    .action(async (words: string[], options: Options) => {
      const osds = words.map(parseOsd);
      await withCluster(drain, context, async (client, wait) => {
        const report = await client.change(osdDrain, { osds }, wait);
        if (options.wait !== true) {
          printReport(context, report, options);
          return;
        }
        for (const message of report.messages) context.note(`${message}\n`);
        const status = await untilDrained(context, client, drain, osds);
        if (options.json === true) printJson(context, { changed: report.changed, ...statusJson(status) });
        else context.print(`${namesOf(osds)} drained: \`cairn osd safe-to-destroy ${osds.join(' ')}\` says so, too\n`);
      });
    });
  const undrain = osd.command('undrain');
  undrain
    .description('Let OSDs that were drained, or marked out, take data again, with the reweight that they had.')
    .argument('<osds...>', 'osd.3 or 3, or several of them')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn osd undrain osd.3\n  cairn osd undrain 3 4 --json')
    .action(async (words: string[], options: Options) => {
      await withCluster(undrain, context, async (client, wait) => {
        printReport(context, await client.change(osdIn, { osds: words.map(parseOsd) }, wait), options);
      });
    });
}

/** However long it takes: `--timeout` is for each look. */
async function untilDrained(
  context: CliContext,
  client: MonitorClient,
  command: Command,
  osds: OsdId[],
): Promise<DrainStatus> {
  const { timeout } = command.optsWithGlobals<{ timeout: number }>();
  const signal = context.interrupted;
  const { clock } = context.runtime('cairn');
  let told = '';
  for (;;) {
    const wait = { deadline: context.deadlineIn(timeout * 1000), signal };
    const { result } = await client.query(osdDrainStatus, { osds }, wait);
    if (result.osds.every(({ state }) => state === 'drained')) return result;
    const back = result.osds.filter(({ state }) => state === 'in').map(({ id }) => id);
    if (back.length > 0) {
      throw new CairnError(
        'CONFLICT',
        `${namesOf(back)} in again meanwhile; run \`cairn osd drain\` again if it was a slip`,
      );
    }
    const text = progressText(result);
    if (text !== told) context.note(`${text}\n`);
    told = text;
    await clock.sleep(lookMs, signal);
  }
}

function progressText({ osds, leftObjects, leftBytes, etaSeconds }: DrainStatus): string {
  const pgs = osds.filter(({ pgs: left }) => left > 0).map(({ id, pgs: left }) => `osd.${id}: ${left} PGs`);
  const left = leftObjects === 0 ? [] : [`${leftObjects} objects, ${bytesText(leftBytes)} to copy`];
  const stuck = osds.reduce((sum, { stuckPgs }) => sum + stuckPgs, 0);
  const end = etaSeconds === undefined ? [] : [`about ${ageText(etaSeconds)} to go`];
  const wait = stuck === 0 ? [] : [`${stuck} find no other place: add OSDs, or hosts`];
  return [pgs.join(', '), ...left, ...end, ...wait].join('; ');
}

function namesOf(osds: readonly OsdId[] | readonly number[]): string {
  return `${osds.map((id) => `osd.${id}`).join(', ')} ${osds.length === 1 ? 'is' : 'are'}`;
}

function statusJson({ osds, leftObjects, leftBytes, etaSeconds }: DrainStatus) {
  return {
    osds: osds.map(({ id, state, pgs, stuckPgs }) => ({ osd: id, state, num_pgs: pgs, num_stuck_pgs: stuckPgs })),
    left_objects: leftObjects,
    left_bytes: leftBytes,
    eta_seconds: etaSeconds ?? null,
  };
}
