/** `cairn mon transfer`: another leader. */
import type { Command } from 'commander';
import { monTransfer } from '../protocol/commands/mon.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';

export function addMonTransfer(mon: Command, context: CliContext): void {
  mon
    .command('transfer')
    .description('Let another monitor lead, without an outage: before the leader is stopped for maintenance, say.')
    .argument('<name>', 'the monitor that shall lead, such as b')
    .addHelpText('after', '\nExamples:\n  cairn mon transfer b')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { message } = await withCluster(command, context, (client, wait) =>
        client.control(monTransfer, { name: name.replace(/^mon\./, '') }, wait),
      );
      context.note(`${message}\n`);
    });
}
