/** `cairn osd lost`, `rm` and `purge`: what gives up data, so only with --yes. */
import type { Command } from 'commander';
import type { Command as MonitorCommand } from '../protocol/command.js';
import type { OsdId } from '../cluster/ids.js';
import type { ChangeReport } from '../protocol/commands/fields.js';
import { osdLost, osdPurge, osdRm } from '../protocol/commands/osd.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';
import type { CliContext } from './context.js';
import { parseOsd } from './osd-arguments.js';

interface DestroyCommand {
  readonly verb: string;
  readonly description: string;
  readonly command: MonitorCommand<{ osds: OsdId[]; confirmed: boolean }, ChangeReport>;
}

const commands: readonly DestroyCommand[] = [
  {
    verb: 'lost',
    description: 'Declare the data of OSDs lost for ever: PGs stop waiting for it. The OSD id stays.',
    command: osdLost,
  },
  {
    verb: 'rm',
    description: 'Remove OSDs that are down from the map. They keep their place in CRUSH.',
    command: osdRm,
  },
  {
    verb: 'purge',
    description: 'Remove OSDs that are down from the map, from CRUSH, and their keys.',
    command: osdPurge,
  },
];

export function addOsdDestroy(osd: Command, context: CliContext): void {
  for (const { verb, description, command: change } of commands) {
    const command = addYesOption(osd.command(verb).description(description));
    command
      .argument('<osds...>', 'osd.3 or 3, or several of them')
      .option('--json', 'print JSON')
      .addHelpText(
        'after',
        '\nWithout --yes it says how many PGs lose a member, and how many have no other one.\n' +
          `\nExamples:\n  cairn osd ${verb} osd.3\n  cairn osd ${verb} 3 4 --yes`,
      )
      .action(async (words: string[], options: YesOptions & { json?: boolean }) => {
        const args = { osds: words.map(parseOsd), confirmed: saidYes(options) };
        await withCluster(command, context, async (client, wait) => {
          printReport(context, await client.change(change, args, wait), options);
        });
      });
  }
}
