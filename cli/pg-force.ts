/** `cairn pg force`. */
import type { Command } from 'commander';
import { pgForce } from '../protocol/commands/pg.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsd, parsePg } from './osd-arguments.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';

export function addPgForce(pg: Command, context: CliContext): void {
  const command = addYesOption(pg.command('force'));
  command
    .description('Let a PG that is lost go on with what one OSD has of it, accepting the loss of the rest.')
    .argument('<pg>', 'such as 1.2f')
    .argument('<osd>', 'osd.3 or 3, which is up')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nA PG is lost when every OSD that had it is lost or removed. `cairn pg ls --state lost` lists them.\n' +
        '\nExamples:\n  cairn pg force 1.2f osd.3\n  cairn pg force 1.2f osd.3 --yes',
    )
    .action(async (name: string, osd: string, options: YesOptions & { json?: boolean }) => {
      const args = { pg: parsePg(name), osd: parseOsd(osd), confirmed: saidYes(options) };
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(pgForce, args, wait), options);
      });
    });
}
