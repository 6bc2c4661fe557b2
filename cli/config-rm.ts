/** `cairn config rm`: back to what a weaker section says, or to the default. */
import type { Command } from 'commander';
import { configRm } from '../protocol/commands/config.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';

export function addConfigRm(config: Command, context: CliContext): void {
  config
    .command('rm')
    .description('Take back what `cairn config set` set: the option follows the wider section again, or its default.')
    .argument('<who>', 'global, mon, osd, gateway, client, or one daemon')
    .argument('<option>', 'see `cairn config dump`')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn config rm osd.3 osd_heartbeat_grace\n  cairn config rm global log_level',
    )
    .action(async (section: string, option: string, _options: unknown, command: Command) => {
      const changed = await withCluster(command, context, (client, wait) =>
        client.change(configRm, { section, option }, wait),
      );
      context.note(`${changed.section}/${changed.option} is ${changed.isChanged ? 'no longer' : 'not'} set\n`);
    });
}
