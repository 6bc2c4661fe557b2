/** `cairn mon rm`: one monitor less. */
import type { Command } from 'commander';
import { monRm } from '../protocol/commands/mon.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { addYesOption, saidYes, type YesOptions } from './yes-option.js';

export function addMonRm(mon: Command, context: CliContext): void {
  addYesOption(mon.command('rm'))
    .alias('remove')
    .description(
      'Take a monitor out of the group, with its key. Refused when fewer than a majority of the others is in quorum.\n\n' +
        'A monitor that only lost its disk needs no removal: started again, it joins by itself.',
    )
    .argument('<name>', 'the monitor, such as c')
    .addHelpText('after', '\nExamples:\n  cairn mon rm c\n  cairn mon rm c --yes')
    .action(async (name: string, options: YesOptions, command: Command) => {
      const confirmed = saidYes(options);
      const { message } = await withCluster(command, context, (client, wait) =>
        client.control(monRm, { name: name.replace(/^mon\./, ''), confirmed }, wait),
      );
      context.note(`${message}\n`);
    });
}
