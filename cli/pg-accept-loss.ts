/** `cairn pg accept-loss`: what is left of a PG that is lost, and going on with the best of it. */
import type { Command } from 'commander';
import type { CairnClient as Client } from '../client/client.js';
import type { OsdId, PgId } from '../cluster/ids.js';
import { CairnError, isCairnError } from '../base/errors.js';
import { pgForce, pgMap } from '../protocol/commands/pg.js';
import type { PgCopyInfo, PgCopyLoss } from '../protocol/pg-copy-info.js';
import type { WaitOptions } from '../runtime/clock.js';
import { bytesText } from './bytes-text.js';
import { printReport } from './change-report.js';
import type { CliContext } from './context.js';
import { withClient } from './object-client.js';
import { parseOsd, parsePg } from './osd-arguments.js';
import { versionText } from './pg-ls.js';
import { printJson } from './print-json.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';

type Options = YesOptions & { readonly osd?: string; readonly json?: boolean };

/** Names in the text; the rest with `--json`. */
const namesShown = 5;

export function addPgAcceptLoss(pg: Command, context: CliContext): void {
  const command = addYesOption(pg.command('accept-loss'));
  command
    .description(
      'Show what its OSDs still have of a PG that is lost, and what is missing; with --yes go on with the best.',
    )
    .argument('<pg>', 'such as 1.2f')
    .option('--osd <osd>', 'with the copy of this OSD; default: the newest that is whole')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nA PG is lost when every OSD that was known to have all of it lost its disk or a part of it. `cairn pg ls --state lost`' +
        '\nlists them. Before you accept it, bring back what may still come back.\n' +
        '\nExamples:\n  cairn pg accept-loss 1.2f\n  cairn pg accept-loss 1.2f --yes\n  cairn pg accept-loss 1.2f --osd 3 --yes',
    )
    .action(async (name: string, options: Options) => {
      const id = parsePg(name);
      await withClient(command, context, async (client, wait) => {
        await client.monitors.query(pgMap, { pg: id }, wait());
        const copies = await copiesOf(client, id, wait());
        const wanted = options.osd === undefined ? undefined : parseOsd(options.osd);
        const best = choose(name, copies, wanted);
        if (options.json !== true) context.print(copies.map((copy) => copyText(copy, copy === best)).join(''));
        else if (!saidYes(options)) printJson(context, { pgid: name, copies: copies.map(copyJson), best: best.osd });
        const args = { pg: id, osd: best.osd as OsdId, confirmed: saidYes(options) };
        printReport(context, await client.monitors.change(pgForce, args, wait()), options);
      });
    });
}

/** Of whoever is named by the record, and up. */
async function copiesOf(client: Client, pg: PgId, wait: WaitOptions): Promise<PgCopyInfo[]> {
  const { map } = client;
  const record = map.records.get(pg);
  const members = [...(record?.acting ?? []), ...(record?.eligible ?? [])];
  const osds = [...new Set(members.map(({ osd }) => osd))].filter((osd) => map.osds.get(osd)?.isUp === true);
  const found = await Promise.all(
    osds.map(async (osd) => {
      try {
        return await client.copyOfPg(osd, pg, wait);
      } catch (error) {
        if (isCairnError(error)) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((copy) => copy !== undefined);
}

/** A whole one before one that was joining; then by the end of its log. */
function choose(name: string, copies: readonly PgCopyInfo[], wanted: OsdId | undefined): PgCopyInfo {
  const candidates = wanted === undefined ? copies : copies.filter(({ osd }) => osd === wanted);
  const [best] = [...candidates].sort(
    (a, b) =>
      Number(b.isComplete) - Number(a.isComplete) ||
      b.last.term - a.last.term ||
      b.last.seq - a.last.seq ||
      a.osd - b.osd,
  );
  if (best !== undefined) return best;
  const whose = wanted === undefined ? 'none of its OSDs is up' : `osd.${wanted} is not up, or never had it`;
  const how = `start those that can be, or go on with nothing: \`cairn pg force ${name} OSD\``;
  throw new CairnError('CONFLICT', `pg ${name}: ${whose}, so nobody knows what is left of it; ${how}`);
}

function copyText(copy: PgCopyInfo, isBest: boolean): string {
  const { osd, last, objects, bytes, isComplete, missingObjects, loss } = copy;
  const isNothing = last.seq === 0 && objects === 0;
  const parts = [
    isNothing ? 'nothing of it' : `log up to ${versionText(last)}, ${objects} objects, ${bytesText(bytes)}`,
    ...(isComplete ? [] : ['only a part of the objects: it was still joining']),
    ...(missingObjects === 0 ? [] : [`${missingObjects} of them not as the log says`]),
    ...(loss === undefined ? [] : [lossText(loss)]),
  ];
  return `osd.${osd}: ${parts.join('; ')}${isBest ? '  <- the one to go on with' : ''}\n`;
}

function lossText({ entries, newest, isExact, objects }: PgCopyLoss): string {
  if (entries === 0) return isExact ? 'nothing is missing' : 'its last changes may be missing';
  const names = objects.slice(0, namesShown).join(', ');
  const more = objects.length > namesShown ? ` and ${objects.length - namesShown} more` : '';
  const of = names === '' ? '' : `, of ${names}${more}`;
  const upTo = newest === undefined ? '' : ` up to ${versionText(newest)}`;
  return `${entries} changes${upTo} are missing${of}${isExact ? '' : ', and perhaps others'}`;
}

function copyJson({ osd, store, last, objects, bytes, isComplete, missingObjects, loss }: PgCopyInfo) {
  return {
    osd,
    store,
    log_last: versionText(last),
    objects,
    bytes,
    complete: isComplete,
    missing_objects: missingObjects,
    loss:
      loss === undefined
        ? null
        : {
            entries: loss.entries,
            newest: loss.newest === undefined ? null : versionText(loss.newest),
            exact: loss.isExact,
            objects: loss.objects,
          },
  };
}
