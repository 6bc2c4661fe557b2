/** `cairn auth get`: a key that exists. */
import type { Command } from 'commander';
import { authGet } from '../protocol/commands/auth.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { addKeyOptions, deliverKey, type KeyOptions } from './issued-key.js';

export function addAuthGet(auth: Command, context: CliContext): void {
  addKeyOptions(auth.command('get'))
    .description('Print the key and the capabilities of one name, or write its configuration file.')
    .argument('<name>', 'TYPE.ID, such as client.backup')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn auth get client.backup\n  cairn auth get client.admin -o admin.yaml\n  cairn auth get client.backup --json',
    )
    .action(async (name: string, options: KeyOptions, command: Command) => {
      const answer = await withCluster(command, context, (client, wait) => client.query(authGet, { name }, wait));
      noteStale(context, answer);
      await deliverKey(command, context, answer.result, options);
    });
}
