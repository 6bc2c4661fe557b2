/** `cairn auth rm`: a key that is no longer good. */
import type { Command } from 'commander';
import { authRm } from '../protocol/commands/auth.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';

export function addAuthRm(auth: Command, context: CliContext): void {
  auth
    .command('rm')
    .description(
      'Take back a key. Who uses it can connect no more.\n\n' +
        'The last client that may administer the cluster stays, and so do the keys of its monitors and OSDs.',
    )
    .argument('<name>', 'TYPE.ID, such as client.backup')
    .addHelpText('after', '\nExamples:\n  cairn auth rm client.backup')
    .action(async (name: string, _options: unknown, command: Command) => {
      const result = await withCluster(command, context, (client, wait) => client.change(authRm, { name }, wait));
      context.note(result.wasThere ? `removed ${name}; its key is no longer valid\n` : `there is no ${name} already\n`);
    });
}
