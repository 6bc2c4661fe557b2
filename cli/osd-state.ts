/** `cairn osd in`, `out` and `down`. */
import type { Command } from 'commander';
import type { Command as MonitorCommand } from '../protocol/command.js';
import type { ChangeReport, OsdSelection } from '../protocol/commands/fields.js';
import { osdDown, osdIn, osdOut } from '../protocol/commands/osd.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsds } from './osd-arguments.js';

interface StateCommand {
  readonly verb: string;
  readonly description: string;
  readonly command: MonitorCommand<{ osds: OsdSelection }, ChangeReport>;
}

const commands: readonly StateCommand[] = [
  { verb: 'in', description: 'Let OSDs take data again, with the reweight that they had.', command: osdIn },
  {
    verb: 'out',
    description: 'Take all data off OSDs: CRUSH gives it to others, and they keep serving it until it is there.',
    command: osdOut,
  },
  {
    verb: 'down',
    description: 'Mark OSDs down: their PGs go on without them. One that is alive comes back by itself.',
    command: osdDown,
  },
];

export function addOsdState(osd: Command, context: CliContext): void {
  for (const { verb, description, command: change } of commands) {
    const command = osd.command(verb).description(description);
    command
      .argument('<osds...>', 'osd.3 or 3, several of them, or all')
      .option('--json', 'print JSON')
      .addHelpText(
        'after',
        `\nExamples:\n  cairn osd ${verb} osd.3\n  cairn osd ${verb} 3 4 5\n  cairn osd ${verb} all`,
      )
      .action(async (words: string[], options: { json?: boolean }) => {
        const osds = parseOsds(words);
        await withCluster(command, context, async (client, wait) => {
          printReport(context, await client.change(change, { osds }, wait), options);
        });
      });
  }
}
