/** `cairn osd ok-to-stop` and `safe-to-destroy`: exit code 0 for yes, 1 for no, with what speaks against it PG by PG. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import type { OsdId } from '../cluster/ids.js';
import type { Command as MonitorCommand } from '../protocol/command.js';
import { osdOkToStop, osdSafeToDestroy, type OsdVerdict } from '../protocol/commands/osd-safety.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsd } from './osd-arguments.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

interface CheckCommand {
  readonly verb: 'ok-to-stop' | 'safe-to-destroy';
  readonly description: string;
  readonly help: string;
  readonly command: MonitorCommand<{ osds: OsdId[] }, OsdVerdict>;
  /** Of a yes, behind the names. */
  readonly yes: (pgs: string, them: string) => string;
  /** Of a no, behind the names, and what to do. */
  readonly no: (pgs: string, names: string) => string;
}

const commands: readonly CheckCommand[] = [
  {
    verb: 'ok-to-stop',
    description: 'Say whether every PG goes on serving clients when all of these OSDs stop at once.',
    help: 'PGs may then have fewer copies than their pool wants, but not fewer than its min_size.',
    command: osdOkToStop,
    yes: (pgs, them) => `can stop: ${pgs} on ${them} and all serve on`,
    no: (pgs) => `should not stop now, for ${pgs}; stop fewer at once, or wait for \`cairn health\` to be better`,
  },
  {
    verb: 'safe-to-destroy',
    description:
      'Say whether no data is lost, and no copy goes missing, when the disks of all of these OSDs are destroyed.',
    help: 'It is once no PG counts them among its members: drain them first (`cairn osd drain`).',
    command: osdSafeToDestroy,
    yes: (_pgs, them) => `can be destroyed: no PG has a copy on ${them} that counts`,
    no: (pgs, names) => `should not be destroyed, for ${pgs}; run \`cairn osd drain ${names}\` first`,
  },
];

export function addOsdChecks(osd: Command, context: CliContext): void {
  for (const check of commands) {
    const { verb, description, help, command: query } = check;
    const command = osd.command(verb).description(description);
    command
      .argument('<osds...>', 'osd.3 or 3, or several of them')
      .option('--json', 'print JSON')
      .addHelpText(
        'after',
        `\n${help}\nExit code 0 means yes, 1 no.\n` +
          `\nExamples:\n  cairn osd ${verb} osd.3\n  cairn osd ${verb} 3 4 --json`,
      )
      .action(async (words: string[], options: { json?: boolean }) => {
        const osds = words.map(parseOsd);
        await withCluster(command, context, async (client, wait) => {
          const { result } = await client.query(query, { osds }, wait);
          show(context, check, osds, result, options.json === true);
        });
      });
  }
}

function show(
  context: CliContext,
  check: CheckCommand,
  osds: readonly OsdId[],
  verdict: OsdVerdict,
  json: boolean,
): void {
  const { isOk, pgs, objecting, objections } = verdict;
  const names = osds.map((id) => `osd.${id}`);
  if (json) printJson(context, verdictJson(osds, verdict));
  else if (isOk) context.print(`${names.join(', ')} ${check.yes(count(pgs), osds.length === 1 ? 'it' : 'them')}\n`);
  else {
    const rows = objections.map(({ pg, reason }) => [pg, reason]);
    context.print(formatTable([{ title: 'PG' }, { title: 'REASON' }], rows));
    if (objecting > objections.length) context.print(`... and ${objecting - objections.length} more\n`);
  }
  if (isOk) return;
  throw new CairnError('CONFLICT', `${names.join(', ')} ${check.no(count(objecting), names.join(' '))}`);
}

function count(pgs: number): string {
  return pgs === 1 ? '1 PG' : `${pgs} PGs`;
}

function verdictJson(osds: readonly OsdId[], { isOk, pgs, objecting, objections }: OsdVerdict) {
  return {
    ok: isOk,
    osds,
    num_pgs: pgs,
    num_not_ok_pgs: objecting,
    reasons: objections.map(({ pg, reason }) => ({ pgid: pg, reason })),
    reasons_omitted: objecting - objections.length,
  };
}
