/** `cairn osd set` and `unset`: flags of the whole cluster. */
import { Argument, type Command } from 'commander';
import { clusterFlags, type ClusterFlag } from '../cluster/map.js';
import { osdSet, osdUnset } from '../protocol/commands/osd.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';
import type { CliContext } from './context.js';

const commands = [
  { verb: 'set', description: 'Set a flag: it stops something that the cluster does by itself.', change: osdSet },
  { verb: 'unset', description: 'Unset a flag.', change: osdUnset },
] as const;

export function addOsdFlags(osd: Command, context: CliContext): void {
  for (const { verb, description, change } of commands) {
    const command = addYesOption(osd.command(verb).description(description));
    command
      .addArgument(new Argument('<flag>', 'which').choices([...clusterFlags]))
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExamples:\n  cairn osd ${verb} noout\n  cairn osd ${verb} pause --yes`)
      .action(async (flag: ClusterFlag, options: YesOptions & { json?: boolean }) => {
        await withCluster(command, context, async (client, wait) => {
          printReport(context, await client.change(change, { flag, confirmed: saidYes(options) }, wait), options);
        });
      });
  }
}
