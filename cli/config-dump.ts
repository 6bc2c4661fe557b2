/** `cairn config dump`: all that is set. */
import type { Command } from 'commander';
import { noteStale, withCluster } from './cluster-command.js';
import { configEntries } from './config-entries.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

export function addConfigDump(config: Command, context: CliContext): void {
  config
    .command('dump')
    .description('List all that is set in the cluster map, and nothing else.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn config dump\n  cairn config dump --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await withCluster(command, context, configEntries);
      noteStale(context, answer);
      if (options.json === true) {
        printJson(context, { entries: answer.result, stale: answer.isStale });
        return;
      }
      const rows = answer.result.map(({ section, option, value }) => [section, option, value]);
      context.print(formatTable([{ title: 'WHO' }, { title: 'OPTION' }, { title: 'VALUE' }], rows));
    });
}
