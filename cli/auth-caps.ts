/** `cairn auth caps`: other capabilities for a key that exists. */
import type { Command } from 'commander';
import { authCaps } from '../protocol/commands/auth.js';
import { capsOf } from './caps-arguments.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { entityText } from './issued-key.js';
import { printJson } from './print-json.js';

export function addAuthCaps(auth: Command, context: CliContext): void {
  auth
    .command('caps')
    .description('Replace all capabilities of a name. What is not given is taken away; the key stays.')
    .argument('<name>', 'TYPE.ID, such as client.backup')
    .argument('<caps...>', "pairs of service and capability, such as mon 'allow r' osd 'allow rw pool=data'")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      "\nExamples:\n  cairn auth caps client.backup mon 'allow r' osd 'allow r pool=data'\n" +
        "  cairn auth caps client.watcher mon 'profile read-only' --json",
    )
    .action(async (name: string, words: string[], options: { json?: boolean }, command: Command) => {
      const caps = capsOf(words);
      const result = await withCluster(command, context, (client, wait) =>
        client.change(authCaps, { name, caps }, wait),
      );
      context.note(
        `${result.isChanged ? 'changed the capabilities of' : 'these already are the capabilities of'} ${name}\n`,
      );
      if (options.json === true) printJson(context, { name, caps: Object.fromEntries(result.caps) });
      else context.print(entityText(name, result.caps));
    });
}
