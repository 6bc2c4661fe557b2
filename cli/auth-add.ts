/** `cairn auth add`: a new key. */
import type { Command } from 'commander';
import { authAdd } from '../protocol/commands/auth.js';
import { capsOf } from './caps-arguments.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { addKeyOptions, deliverKey, type KeyOptions } from './issued-key.js';

export function addAuthAdd(auth: Command, context: CliContext): void {
  addKeyOptions(auth.command('add'))
    .description(
      'Make a key for a new client, gateway or OSD, and print it.\n\n' +
        'The same name with the same capabilities gets the key that it has already.',
    )
    .argument('<name>', 'TYPE.ID, such as client.backup')
    .argument('[caps...]', "pairs of service and capability, such as mon 'allow r' osd 'allow rw pool=data'")
    .addHelpText(
      'after',
      '\nExamples:\n' +
        "  cairn auth add client.backup mon 'allow r' osd 'allow rw pool=data' -o backup.yaml\n" +
        "  cairn auth add gateway.1 mon 'profile gateway' osd 'profile gateway'\n" +
        "  cairn auth add client.watcher mon 'allow r' --json",
    )
    .action(async (name: string, words: string[], options: KeyOptions, command: Command) => {
      const caps = capsOf(words);
      const issued = await withCluster(command, context, (client, wait) =>
        client.change(authAdd, { name, caps }, wait),
      );
      if (!issued.isNew) context.note(`${name} exists already, with these capabilities\n`);
      await deliverKey(command, context, issued, options);
    });
}
