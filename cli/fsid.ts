/** `cairn fsid`: which cluster this is. */
import type { Command } from 'commander';
import { clusterFsid } from '../protocol/commands/status.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

export function registerFsidCommand(program: Command, context: CliContext): void {
  program
    .command('fsid')
    .description('Print the id of the cluster: 32 hex digits, drawn once.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn fsid\n  cairn fsid --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await withCluster(command, context, (client, wait) =>
        client.query(clusterFsid, {}, { ...wait, mayBeStale: true }),
      );
      noteStale(context, answer);
      if (options.json === true) printJson(context, { fsid: answer.result.fsid, stale: answer.isStale });
      else context.print(`${answer.result.fsid}\n`);
    });
}
