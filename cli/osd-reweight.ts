/** `cairn osd reweight`: the share of its CRUSH weight that an OSD takes. */
import type { Command } from 'commander';
import { osdReweight } from '../protocol/commands/osd.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsd, parseWeight } from './osd-arguments.js';

export function addOsdReweight(osd: Command, context: CliContext): void {
  const command = osd.command('reweight').description('Let an OSD take only a share of its CRUSH weight, 0 to 1.');
  command
    .argument('<osd>', 'osd.3 or 3')
    .argument('<share>', 'from 0 to 1')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nIt moves as little data as possible and is meant for corrections; for an OSD of another size use\n' +
        '`cairn crush reweight`.\n\nExamples:\n  cairn osd reweight 3 0.9\n  cairn osd reweight osd.3 1',
    )
    .action(async (name: string, share: string, options: { json?: boolean }) => {
      const args = { id: parseOsd(name), reweight: parseWeight(share, 1) };
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(osdReweight, args, wait), options);
      });
    });
}
