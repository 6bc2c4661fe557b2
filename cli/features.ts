/** `cairn features`: which formats are in use, and who can read them. */
import type { Command } from 'commander';
import { featureSets } from '../protocol/commands/status.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

export function registerFeaturesCommand(program: Command, context: CliContext): void {
  program
    .command('features')
    .description('Show the features that the cluster map requires, and who lacks one of them and may not take part.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn features\n  cairn features --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await withCluster(command, context, (client, wait) =>
        client.query(featureSets, {}, { ...wait, mayBeStale: true }),
      );
      noteStale(context, answer);
      const { required, daemons } = answer.result;
      if (options.json === true) {
        const groups = daemons.map((group) =>
          Object.assign(group, { features: hex(group.features), missing: hex(group.missing) }),
        );
        printJson(context, { required: hex(required), daemons: groups, stale: answer.isStale });
        return;
      }
      const rows = daemons.map((group) => [
        group.type,
        hex(group.features),
        String(group.count),
        group.missing === 0 ? '-' : hex(group.missing),
      ]);
      const columns = [
        { title: 'DAEMON' },
        { title: 'FEATURES' },
        { title: 'COUNT', align: 'right' as const },
        { title: 'LACKS' },
      ];
      context.print(`required ${hex(required)}\n${formatTable(columns, rows)}`);
    });
}

function hex(features: number): string {
  return `0x${features.toString(16)}`;
}
