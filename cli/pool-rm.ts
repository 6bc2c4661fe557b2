/** `cairn pool rm` and `rename`. */
import type { Command } from 'commander';
import { poolRename, poolRm } from '../protocol/commands/pool.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';

export function addPoolRm(pool: Command, context: CliContext): void {
  const command = addYesOption(pool.command('rm').alias('delete')).description('Remove a pool with all that is in it.');
  command
    .argument('<name>', 'of the pool')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nWithout --yes it says what would go.\n\nExamples:\n  cairn pool rm old --yes')
    .action(async (name: string, options: YesOptions & { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(poolRm, { name, confirmed: saidYes(options) }, wait), options);
      });
    });
}

export function addPoolRename(pool: Command, context: CliContext): void {
  const command = pool.command('rename').description('Give a pool another name; its data stays where it is.');
  command
    .argument('<name>', 'as it is')
    .argument('<newName>', 'as it shall be')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn pool rename data archive')
    .action(async (name: string, newName: string, options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(poolRename, { name, newName }, wait), options);
      });
    });
}
