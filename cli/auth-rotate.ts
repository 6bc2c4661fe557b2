/** `cairn auth rotate`: another key under the same name. */
import type { Command } from 'commander';
import { authRotate } from '../protocol/commands/auth.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { addKeyOptions, deliverKey, type KeyOptions } from './issued-key.js';

export function addAuthRotate(auth: Command, context: CliContext): void {
  addKeyOptions(auth.command('rotate'))
    .description(
      'Give a name a new key. The old one ends at once: every file that holds it must be replaced before its user\n' +
        'connects again. Connections that are open go on.',
    )
    .argument('<name>', 'TYPE.ID, such as client.backup')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn auth rotate client.backup -o backup.yaml\n  cairn auth rotate gateway.1 --json',
    )
    .action(async (name: string, options: KeyOptions, command: Command) => {
      const issued = await withCluster(command, context, (client, wait) => client.change(authRotate, { name }, wait));
      context.note(`the old key of ${name} is no longer valid: ${whatToUpdate(name)}\n`);
      await deliverKey(command, context, issued, options);
    });
}

function whatToUpdate(name: string): string {
  const [type] = name.split('.');
  if (type === 'client') return 'replace the --conf file of whoever uses it';
  return `put the new one into the configuration of ${name} and restart it`;
}
